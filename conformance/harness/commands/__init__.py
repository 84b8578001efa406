# SPDX-License-Identifier: BSD-3-Clause
"""One module per subcommand of gauntlet, each with add(parser) and run(args) -> exit status."""

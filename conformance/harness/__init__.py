# SPDX-License-Identifier: BSD-3-Clause
"""The Gauntlet harness: programs in, driver conversations, verdicts and reports out."""

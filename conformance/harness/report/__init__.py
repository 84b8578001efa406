# SPDX-License-Identifier: BSD-3-Clause
"""Reports: one record per run (record.py), and its faces on the terminal, in JUnit and in HTML."""

"""Reports of runs: each format is one module that reads a `RunResult` and knows nothing of the others."""

from kibo_scenarios.reports.files import write_report
from kibo_scenarios.reports.json_document import report_document, to_json
from kibo_scenarios.reports.terminal import print_report

__all__ = ["print_report", "report_document", "to_json", "write_report"]

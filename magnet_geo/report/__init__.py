"""The report of a map: one HTML file to hand on."""

from magnet_geo.report.page import check_report_path, write_report
from magnet_geo.report.sources import ReportSources, read_result

__all__ = ["ReportSources", "check_report_path", "read_result", "write_report"]

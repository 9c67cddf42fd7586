"""The report for people: one page of HTML with what needs doing, what happened, and the money."""

from reconciliation.page.html import html
from reconciliation.page.view import view

PAGE = "report.html"
"""Its name, beside the other reports."""

__all__ = ["PAGE", "html", "view"]

"""The message to the topic: plain text that reads well in a mail client, what needs doing first on top."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import quote

from backorder.domain.findings import Finding

SUBJECT_LIMIT = 100
"""Characters of an SNS subject (ASCII)."""
MOST_OF_A_KIND = 20
"""Nobody reads more in a mail, and SNS takes no message above 256 KB: then nothing would be told at all."""
LONGEST_ADVICE = 400


@dataclass(frozen=True, slots=True)
class Message:
    """One message a run."""

    subject: str
    body: str


def compose(findings: Sequence[Finding], *, report: str) -> Message:
    """One message about all that is new, grouped by kind, the most urgent kind first, and where the report is."""
    ordered = sorted(findings, key=lambda finding: finding.kind.rank)
    rest = len(findings) - 1
    subject = f"Backorders: {ordered[0].kind.heading}" + (f" (and {rest} more)" if rest else "")
    sections = [
        "\n".join([kind.heading, "=" * len(kind.heading), *_lines(list(group))])
        for kind, group in groupby(ordered, key=lambda finding: finding.kind)
    ]
    return Message(subject[:SUBJECT_LIMIT], "\n\n".join([*sections, f"The report: {report}"]) + "\n")


def _lines(group: Sequence[Finding]) -> Iterator[str]:
    for finding in group[:MOST_OF_A_KIND]:
        advice = finding.advice
        yield f"- {advice if len(advice) <= LONGEST_ADVICE else advice[:LONGEST_ADVICE] + '…'}"
    if (more := len(group) - MOST_OF_A_KIND) > 0:
        yield f"- and {more:,} more: findings.csv, beside the report, has them all"


def console_link(bucket: str, key: str, *, region: str, partition: str) -> str:
    """Where the S3 console shows an object to whoever is signed in (a signed link would die with the function).

    `partition`: `aws`, or where AWS has another console: `aws-cn`, `aws-us-gov`.
    """
    host = {
        "aws-cn": "console.amazonaws.cn",
        "aws-us-gov": "console.amazonaws-us-gov.com",
    }.get(partition, f"{region}.console.aws.amazon.com")
    return f"https://{host}/s3/object/{bucket}?region={region}&prefix={quote(key)}"

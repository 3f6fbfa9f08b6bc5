"""Has one print job read: with the shop's template first, by OCR only where that leaves ink unread.

A poison job must not stop those behind it (P9), and a job with bytes missing earns nothing by
itself. The template is asked for at each job, because central may have sent a newer one.
"""

import logging
from collections.abc import Callable

from msgspec import structs

from edge_agent.config import Tap
from edge_agent.devices.job_file import Job
from loyalty.receipt import Kind
from receipts.pictures.as_text import Paper
from receipts.pictures.ocr import Ocr
from receipts.reading import Reading, papers_of, read_papers
from receipts.reasons import reason
from receipts.templates import Template

_log = logging.getLogger(__name__)


class JobReader:
    """Reads the jobs of one tap. Any thread may call it; OCR takes seconds a page."""

    def __init__(
        self, tap: Tap, template: Callable[[], Template | None], ocr: Ocr | None = None
    ) -> None:
        self._tap = tap
        self._template = template
        self._ocr = ocr
        self._said = False

    def read(self, job: Job) -> tuple[Reading, ...] | None:
        """Return what the job's papers say without OCR; None when that cannot be said."""
        return self._read(job, None)

    def read_pictures(self, job: Job) -> tuple[Reading, ...] | None:
        """Return the same with OCR; a fault of the OCR leaves the picture to a person."""
        read = self._read(job, self._ocr)
        return read if read is not None else self._read(job, None)

    def needs_ocr(self, job: Job) -> bool:
        """Tell whether OCR is here and a picture is beyond the template's dictionary."""
        if self._ocr is None:
            return False
        try:
            papers = self._papers(job, self._known(), None)
        except Exception:  # noqa: BLE001 `read` will say so
            return False
        return any(paper.page is not None and paper.doubts for paper in papers)

    def _read(self, job: Job, ocr: Ocr | None) -> tuple[Reading, ...] | None:
        try:
            template = self._known()
            readings = read_papers(
                self._papers(job, template, ocr),
                currency=(template and template.currency) or "CNY",
                date_order=(template and template.date_order) or self._tap.date_order,
                template=template,
            )
        except Exception as error:  # noqa: BLE001 one poison job must not stop those behind it
            _log.error("job %s trips the reader: %r", job.job_id, type(error))
            return None
        if job.complete:
            return tuple(readings)
        # Bytes are missing: whatever was read may lack the line that changes it, and what is not
        # known for another kind of paper may be a receipt. Nothing read at all is no answer.
        why = reason("uncertain_bytes")
        return (
            tuple(
                structs.replace(one, decision="review", why=(why, *one.why))
                if one.decision == "award" or one.kind is Kind.OTHER
                else one
                for one in readings
            )
            or None
        )

    def _known(self) -> Template | None:
        """Return the shop's template; one that a newer central made otherwise counts as none."""
        try:
            return self._template()
        except ValueError as error:
            if not self._said:
                _log.warning("the shop's template is not used: %s", error)
            self._said = True
            return None

    def _papers(self, job: Job, template: Template | None, ocr: Ocr | None) -> list[Paper]:
        dialect = self._tap.dialect or (template.dialect if template else None) or None
        return papers_of(job.data, dialect=dialect, template=template, ocr=ocr)

"""The caseload: everyone whom the clinician treats, those who need a look first."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from analysis.alerts import words
from analysis.charts import drawings
from analysis.triage.choices import Choice
from analysis.triage.digests import catch_up
from analysis.triage.reasons import Asked
from patients.access import SignedInRequest, patients_of
from patients.audit import Action, record

# For as long the page may wait for lines that are out of date; the others say so and come with the next look.
PATIENCE_S = 0.3


@require_GET
def caseload_page(request: SignedInRequest) -> HttpResponse:
    mine = patients_of(request.user)
    catch_up(mine, seconds=PATIENCE_S)
    asked = Asked(request.user, timezone.now())
    choice = Choice.read(asked, request.GET.dict())
    counts = choice.counts(mine)
    page = choice.page(mine, counts, request.GET.get("page"))
    record(actor=request.user, action=Action.CASELOAD_VIEWED, detail={"patients": len(page)})
    context = {
        "choice": choice,
        "counts": counts,
        "filters": [(one, counts.by_filter[one.key]) for one in choice.filters_for(asked)],
        "orders": choice.orders_for(asked),
        "page": page,
        "lines": [
            (line, drawings.sparkline(line.spark), line.since and words.since_in_short(line.since))
            for line in page
        ],
        "tells_since": any(line.since for line in page),
    }
    return render(request, "analysis/caseload.html", context)

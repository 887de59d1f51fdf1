"""The administrator's side of hearing: models with their cards, trainings, how work goes. No estimates."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from analysis import governance, jurisdiction, reasons
from analysis.judging.judged_clips import judged_stretches
from analysis.models import Analysis, Job, ModelVersion, TrainingRun
from ml.config import ExperimentConfig, named_configs, recipe_named
from patients.admin import AuditedAdmin, Row
from patients.errors import Refused
from patients.models import Clinician

SHOWN_EPOCHS = 20
REFRESH_S = "4"


class ReadOnlyAdmin(AuditedAdmin[Row]):
    """Rows that only the program writes."""

    @admin.display(description=_("progress"))
    def progress_bar(self, job: Job) -> SafeString:
        percent = round(100 * job.progress)
        return format_html('<progress value="{}" max="100"></progress> {} %', percent, percent)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False

    def actor(self, request: HttpRequest) -> Clinician:
        return cast(Clinician, request.user)


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin[ModelVersion]):
    """What each model is good for stands in its card: read both before another one is activated."""

    list_display = [
        "number",
        "name",
        "model_id",
        "measured",
        "is_active",
        "adopted_at",
        "activated_by",
        "retired_at",
    ]
    list_display_links = ["number", "name"]
    list_select_related = ["activated_by"]
    fields = ["number", "model_id", "is_active", "activated_at", "activated_by", "retired_at", "shown_card"]
    actions = ["activate", "retire", "retrain"]
    change_list_template = "admin/analysis/with_retraining.html"

    @admin.display(description=_("mean recall, unheard speakers"))
    def measured(self, version: ModelVersion) -> str:
        uar = version.card.get("metrics", {}).get("uar")
        return "–" if not uar else f"{uar['value']:.1%} ({uar['low']:.1%} – {uar['high']:.1%})"

    @admin.display(description=_("card"))
    def shown_card(self, version: ModelVersion) -> str:
        if not jurisdiction.shows_emotion():
            return jurisdiction.sentence()
        recall = version.card.get("metrics", {}).get("recall", {})
        recalls = [(label, round(100 * share)) for label, share in recall.items()]
        return render_to_string("admin/analysis/_card.html", {"card": version.card, "recalls": recalls})

    @admin.action(description=_("Activate: new recordings are heard by this model"), permissions=["decide"])
    def activate(self, request: HttpRequest, queryset: QuerySet[ModelVersion]) -> None:
        self._decide(request, queryset, governance.activate, _("%s is active from now on."))

    @admin.action(description=_("Retire: never use this model again"), permissions=["decide"])
    def retire(self, request: HttpRequest, queryset: QuerySet[ModelVersion]) -> None:
        self._decide(request, queryset, governance.retire, _("%s is retired."))

    @admin.action(description=_("Retrain: a new model by the recipe of this one"), permissions=["decide"])
    def retrain(self, request: HttpRequest, queryset: QuerySet[ModelVersion]) -> HttpResponse:
        version, form = queryset[0], reverse("admin:analysis_trainingrun_retrain")
        recipe = recipe_named(version.name, ExperimentConfig.from_dict(version.card["config"]))
        return redirect(f"{form}?config_name={recipe}" if recipe else form)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return self.actor(request).is_superuser

    def _decide(self, request: HttpRequest, queryset: QuerySet[ModelVersion], verb: Any, done: Any) -> None:
        if len(queryset) != 1:
            return self.message_user(request, _("Choose exactly one model."), messages.ERROR)
        try:
            version = verb(by=self.actor(request), version=queryset[0])
        except Refused as refusal:
            return self.message_user(request, str(refusal), messages.ERROR)
        return self.message_user(request, done % version)


def _what_was_judged() -> str:
    """How much there is to learn from at this moment."""
    stretches = judged_stretches()
    patients = len({stretch.patient_id for stretch in stretches})
    counted = ngettext("%(n)d stretch", "%(n)d stretches", len(stretches)) % {"n": len(stretches)}
    whose = ngettext("of %(n)d consenting patient", "of %(n)d consenting patients", patients) % {
        "n": patients
    }
    return gettext("%(stretches)s %(whose)s. The weights then hold something of these voices for good.") % {
        "stretches": counted,
        "whose": whose,
    }


class RetrainingForm(forms.Form):
    config_name = forms.ChoiceField(label=_("Recipe"), choices=lambda: [(n, n) for n in named_configs()])
    corpus_folder = forms.CharField(
        label=_("Folder of the corpora"),
        max_length=300,
        initial=lambda: str(Path(settings.VAR_DIR) / "corpora"),
        help_text=_("On the server. Every corpus that it holds and that the program knows is learnt from."),
    )
    epochs = forms.IntegerField(
        label=_("Epochs"),
        min_value=1,
        max_value=500,
        required=False,
        help_text=_("Empty: as the recipe says."),
    )
    with_judgements = forms.BooleanField(
        label=_("Also learn from this clinic’s judgements"),
        required=False,
        help_text=lazy(_what_was_judged, str)(),
    )


@admin.register(TrainingRun)
class TrainingRunAdmin(ReadOnlyAdmin[TrainingRun]):
    """Trainings run in a process of their own; a model that comes of one is listed inactive."""

    list_display = ["config_name", "queued_at", "requested_by", "state", "progress_bar", "outcome"]
    list_select_related = ["requested_by", "model_version"]
    fields = [
        "config_name",
        "corpus_folder",
        "epochs",
        "with_judgements",
        "requested_by",
        "queued_at",
        "state",
        "progress_bar",
        "outcome",
        "detail",
        "shown_curves",
    ]
    actions = ["cancel"]
    change_list_template = "admin/analysis/with_retraining.html"

    @admin.display(description=_("outcome"))
    def outcome(self, run: TrainingRun) -> str:
        return str(run.model_version or (reasons.TRAINING[run.reason] if run.reason else ""))

    @admin.display(description=_("last epochs"))
    def shown_curves(self, run: TrainingRun) -> str:
        return render_to_string("admin/analysis/_curves.html", {"curves": run.curves[-SHOWN_EPOCHS:]})

    @admin.action(description=_("Cancel at the next epoch"), permissions=["decide"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[TrainingRun]) -> None:
        for run in queryset:
            try:
                governance.cancel_training(by=self.actor(request), run=run)
            except Refused as refusal:
                self.message_user(request, f"{run}: {refusal}", messages.ERROR)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return self.actor(request).is_superuser

    def get_urls(self) -> list[URLPattern]:
        retrain = path(
            "retrain/", self.admin_site.admin_view(self.retrain_view), name="analysis_trainingrun_retrain"
        )
        return [retrain, *super().get_urls()]

    def retrain_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_decide_permission(request):
            raise PermissionDenied
        form = RetrainingForm(request.POST or None, initial=request.GET.dict())
        if form.is_valid():
            try:
                governance.request_retraining(by=self.actor(request), **form.cleaned_data)
            except Refused as refusal:
                form.add_error(refusal.field, str(refusal))
            else:
                self.message_user(request, _("The training is queued. This page shows how far it is."))
                return HttpResponseRedirect(reverse("admin:analysis_trainingrun_changelist"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Train a model"),
            "form": form,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/analysis/retrain.html", context)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        under_way = TrainingRun.objects.filter(state__in=(Job.State.QUEUED, Job.State.RUNNING))
        if request.method == "GET" and under_way.exists():
            response["Refresh"] = REFRESH_S  # the browser's own, so that no script is needed
        return response


@admin.register(Analysis)
class AnalysisAdmin(ReadOnlyAdmin[Analysis]):
    """Whether the work goes on. Whose recording it is and what was heard stay with the team."""

    list_display = [
        "id",
        "state",
        "progress_bar",
        "why",
        "attempts",
        "model_version",
        "queued_at",
        "finished_at",
    ]
    list_filter = ["state", "reason", "model_version"]
    list_select_related = ["model_version"]
    fields = [
        "id",
        "state",
        "progress_bar",
        "why",
        "attempts",
        "model_version",
        "queued_at",
        "rung_at",
        "started_at",
        "lease_until",
        "finished_at",
    ]

    @admin.display(description=_("why"))
    def why(self, analysis: Analysis) -> str:
        return reasons.explain(analysis.reason)

from django.urls import path

from analysis.views import corrections, figures, pages, sound, uploads

urlpatterns = [
    path("", pages.caseload_page, name="caseload"),
    path("patients/<slug:reference>/", pages.patient_page, name="patient"),
    path("patients/<slug:reference>/overview/", pages.patient_overview, name="patient_overview"),
    path("patients/<slug:reference>/trend.json", figures.trend_figure, name="trend_figure"),
    path("patients/<slug:reference>/upload/", uploads.upload, name="upload"),
    path("sessions/<uuid:session_id>/", pages.session_page, name="session"),
    path("sessions/<uuid:session_id>/upload/", uploads.upload_to_session, name="upload_to_session"),
    path("recordings/<uuid:recording_id>/state/", uploads.recording_state, name="recording_state"),
    path("recordings/<uuid:recording_id>/retry/", uploads.retry_recording, name="retry_recording"),
    path("recordings/<uuid:recording_id>/move/", corrections.move_recording, name="move_recording"),
    path("recordings/<uuid:recording_id>/void/", corrections.void_recording, name="void_recording"),
    path("recordings/<uuid:recording_id>/audio/", sound.recording_audio, name="recording_audio"),
    path("recordings/<uuid:recording_id>/timeline.json", figures.timeline_figure, name="timeline_figure"),
]

"""Where everything is: pages of both apps at the root, one versioned REST interface, the admin."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView
from django.views.i18n import set_language as choose_language
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from patients.account import SignOut, admin_sign_in

from .health import health

# Whoever signs in must be able to read the page that asks for the password.
set_language = login_not_required(choose_language)

api: list[URLPattern | URLResolver] = [
    path("", include("patients.api")),
    path("", include("patients.questionnaire_api")),
    path("", include("patients.course_api")),
    path("", include("analysis.api.recordings")),
    path("", include("analysis.api.judging")),
    path("", include("analysis.api.alerts")),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api-schema"), name="api-docs"),
]

urlpatterns = [
    path("health/", health, name="health"),
    path("api/v1/", include(api)),
    # The admin's own would ask for less, and leave API tokens standing and nothing in the audit.
    path("admin/login/", admin_sign_in),
    path("admin/logout/", SignOut.as_view()),
    path("admin/password_change/", RedirectView.as_view(pattern_name="password_change")),
    path("admin/", admin.site.urls),
    path("language/", set_language, name="set_language"),
    path("", include("patients.urls")),
    path("", include("analysis.urls")),
]

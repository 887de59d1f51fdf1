from django.contrib.auth import views as auth
from django.urls import path

from patients import account, consent_pages, course_pages, questionnaire_pages, second_factor_pages, views

urlpatterns = [
    path("login/", account.SignIn.as_view(), name="login"),
    path("login/code/", second_factor_pages.sign_in_code, name="sign_in_code"),
    path("logout/", account.SignOut.as_view(), name="logout"),
    path("account/", account.account, name="account"),
    path("account/tokens/", account.create_token, name="create_token"),
    path("account/tokens/<slug:token_key>/revoke/", account.revoke_token, name="revoke_token"),
    path("account/second-factor/", second_factor_pages.set_second_factor, name="set_second_factor"),
    path("account/second-factor/codes/", second_factor_pages.make_recovery_codes, name="make_recovery_codes"),
    path(
        "account/second-factor/remove/", second_factor_pages.remove_second_factor, name="remove_second_factor"
    ),
    path("account/stay/", account.stay_signed_in, name="stay_signed_in"),
    path("account/browsers/sign-out/", account.sign_out_elsewhere, name="sign_out_elsewhere"),
    path("account/browsers/<str:handle>/sign-out/", account.sign_out_there, name="sign_out_there"),
    path("password/", account.ChangePassword.as_view(), name="password_change"),
    path("password/changed/", auth.PasswordChangeDoneView.as_view(), name="password_change_done"),
    path("password/reset/", account.ResetPassword.as_view(), name="password_reset"),
    path("password/reset/sent/", account.MailSent.as_view(), name="password_reset_done"),
    path(
        "password/reset/<uidb64>/<token>/", account.ChooseNewPassword.as_view(), name="password_reset_confirm"
    ),
    path("password/reset/done/", auth.PasswordResetCompleteView.as_view(), name="password_reset_complete"),
    path("patients/enrol/", views.enrol, name="enrol"),
    path("patients/<slug:reference>/amend/", views.amend_patient, name="amend_patient"),
    path("patients/<slug:reference>/consent/", consent_pages.consent, name="consent"),
    path(
        "patients/<slug:reference>/consent/<slug:purpose>/withdraw/",
        consent_pages.withdraw,
        name="withdraw_consent",
    ),
    path("patients/<slug:reference>/consent/notice/", consent_pages.notice, name="consent_notice"),
    path("patients/<slug:reference>/transfer/", views.transfer, name="transfer"),
    path("patients/<slug:reference>/discharge/", views.discharge, name="discharge"),
    path("patients/<slug:reference>/readmit/", views.readmit, name="readmit"),
    path("patients/<slug:reference>/audit/", views.patient_audit, name="patient_audit"),
    path("patients/<slug:reference>/sessions/new/", views.start_session, name="start_session"),
    path("sessions/<uuid:session_id>/move/", views.move_session, name="move_session"),
    path("patients/<slug:reference>/course/", course_pages.course_page, name="course"),
    path("patients/<slug:reference>/events/", course_pages.add_event, name="add_event"),
    path("patients/<slug:reference>/notes/", course_pages.write_note, name="write_note"),
    path("patients/<slug:reference>/visit/", course_pages.plan_visit, name="plan_visit"),
    path("events/<uuid:event_id>/void/", course_pages.void_event, name="void_event"),
    path("notes/<uuid:note_id>/void/", course_pages.void_note, name="void_note"),
    path("sessions/<uuid:session_id>/redate/", views.redate_session, name="redate_session"),
    path("sessions/<uuid:session_id>/void/", views.void_session, name="void_session"),
    path(
        "patients/<slug:reference>/questionnaires/", questionnaire_pages.questionnaires, name="questionnaires"
    ),
    path(
        "patients/<slug:reference>/questionnaires.csv",
        questionnaire_pages.questionnaires_csv,
        name="questionnaires_csv",
    ),
    path(
        "patients/<slug:reference>/questionnaires/links/",
        questionnaire_pages.make_questionnaire_link,
        name="make_questionnaire_link",
    ),
    path(
        "patients/<slug:reference>/questionnaires/<slug:instrument>/",
        questionnaire_pages.fill_questionnaire,
        name="fill_questionnaire",
    ),
    path(
        "questionnaires/links/<uuid:link_id>/withdraw/",
        questionnaire_pages.withdraw_questionnaire_link,
        name="withdraw_questionnaire_link",
    ),
    path(
        "questionnaires/<uuid:response_id>/seen/",
        questionnaire_pages.mark_questionnaire_seen,
        name="mark_questionnaire_seen",
    ),
    path(
        "questionnaires/<uuid:response_id>/void/",
        questionnaire_pages.void_questionnaire,
        name="void_questionnaire",
    ),
    path("q/<str:secret>/", questionnaire_pages.answer_questionnaire, name="answer_questionnaire"),
]

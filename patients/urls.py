from django.contrib.auth import views as auth
from django.urls import path

from patients import account, second_factor_pages, views

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
    path("patients/<slug:reference>/consent/", views.consent, name="consent"),
    path("patients/<slug:reference>/transfer/", views.transfer, name="transfer"),
    path("patients/<slug:reference>/discharge/", views.discharge, name="discharge"),
    path("patients/<slug:reference>/readmit/", views.readmit, name="readmit"),
    path("patients/<slug:reference>/audit/", views.patient_audit, name="patient_audit"),
    path("patients/<slug:reference>/sessions/new/", views.start_session, name="start_session"),
    path("sessions/<uuid:session_id>/move/", views.move_session, name="move_session"),
    path("sessions/<uuid:session_id>/void/", views.void_session, name="void_session"),
]

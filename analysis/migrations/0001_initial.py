import analysis.models
import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('patients', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Analysis',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('queued', 'queued'), ('running', 'in progress'), ('done', 'done'), ('failed', 'failed')], default='queued', max_length=8)),
                ('reason', models.CharField(blank=True, max_length=32)),
                ('progress', models.FloatField(default=0.0)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('claim', models.UUIDField(help_text='Whose lease it is: a worker writes only under its own.', null=True)),
                ('lease_until', models.DateTimeField(null=True)),
                ('queued_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('rung_at', models.DateTimeField(help_text='When the broker was last told.', null=True)),
                ('started_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'analysis',
                'verbose_name_plural': 'analyses',
                'ordering': ['queued_at'],
            },
        ),
        migrations.CreateModel(
            name='Summary',
            fields=[
                ('analysis', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='summary', serialize=False, to='analysis.analysis')),
                ('shares', models.JSONField()),
                ('low', models.JSONField()),
                ('high', models.JSONField()),
                ('top', models.CharField(blank=True, max_length=16)),
                ('abstained_share', models.FloatField()),
                ('windows', models.PositiveIntegerField()),
                ('speech_s', models.FloatField()),
                ('duration_s', models.FloatField()),
                ('quality', models.JSONField(default=list)),
            ],
            options={
                'verbose_name_plural': 'summaries',
            },
        ),
        migrations.CreateModel(
            name='WindowMatrix',
            fields=[
                ('analysis', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='matrix', serialize=False, to='analysis.analysis')),
                ('count', models.PositiveIntegerField()),
                ('packed_starts', models.BinaryField()),
                ('packed_ends', models.BinaryField()),
                ('packed_probabilities', models.BinaryField()),
                ('packed_abstained', models.BinaryField()),
                ('packed_spans', models.BinaryField(default=b'')),
            ],
        ),
        migrations.CreateModel(
            name='ModelVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('model_id', models.CharField(max_length=80, unique=True)),
                ('name', models.CharField(max_length=80)),
                ('number', models.PositiveIntegerField(help_text='Shown to clinicians as “Model v3”.', unique=True)),
                ('card', models.JSONField(default=dict)),
                ('is_active', models.BooleanField(default=False, editable=False)),
                ('adopted_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('activated_at', models.DateTimeField(editable=False, null=True)),
                ('retired_at', models.DateTimeField(editable=False, null=True)),
                ('activated_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'model version',
                'verbose_name_plural': 'model versions',
                'ordering': ['-number'],
            },
        ),
        migrations.AddField(
            model_name='analysis',
            name='model_version',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='analyses', to='analysis.modelversion'),
        ),
        migrations.CreateModel(
            name='Recording',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('audio', models.FileField(blank=True, upload_to=analysis.models.audio_path)),
                ('original_name', models.CharField(max_length=200)),
                ('size_bytes', models.PositiveBigIntegerField()),
                ('sha256', models.CharField(blank=True, max_length=64)),
                ('patient_channel', models.CharField(choices=[('mix', 'one voice (mono)'), ('left', 'left channel is the patient'), ('right', 'right channel is the patient')], default='mix', max_length=8)),
                ('container', models.CharField(blank=True, max_length=32)),
                ('codec', models.CharField(blank=True, max_length=32)),
                ('sample_rate', models.PositiveIntegerField(null=True)),
                ('channels', models.PositiveSmallIntegerField(null=True)),
                ('duration_s', models.FloatField(help_text='Measured by decoding, never taken from the header.', null=True)),
                ('received_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('canonical', models.FileField(blank=True, upload_to=analysis.models.canonical_path)),
                ('peaks', models.BinaryField(default=b'')),
                ('voided_at', models.DateTimeField(editable=False, null=True)),
                ('void_reason', models.CharField(blank=True, editable=False, max_length=300)),
                ('received_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('session', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='recordings', to='patients.session')),
                ('voided_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'recording',
                'verbose_name_plural': 'recordings',
                'ordering': ['received_at'],
            },
        ),
        migrations.AddField(
            model_name='analysis',
            name='recording',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='analyses', to='analysis.recording'),
        ),
        migrations.CreateModel(
            name='TrainingRun',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('queued', 'queued'), ('running', 'in progress'), ('done', 'done'), ('failed', 'failed')], default='queued', max_length=8)),
                ('reason', models.CharField(blank=True, max_length=32)),
                ('progress', models.FloatField(default=0.0)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('claim', models.UUIDField(help_text='Whose lease it is: a worker writes only under its own.', null=True)),
                ('lease_until', models.DateTimeField(null=True)),
                ('queued_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('rung_at', models.DateTimeField(help_text='When the broker was last told.', null=True)),
                ('started_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('config_name', models.CharField(max_length=64)),
                ('corpus_folder', models.CharField(max_length=300)),
                ('epochs', models.PositiveIntegerField(blank=True, null=True)),
                ('epoch', models.PositiveIntegerField(default=0)),
                ('curves', models.JSONField(default=list, help_text='One entry for each epoch that has passed.')),
                ('detail', models.TextField(blank=True)),
                ('model_version', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='training_run', to='analysis.modelversion')),
                ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'training run',
                'verbose_name_plural': 'training runs',
                'ordering': ['-queued_at'],
            },
        ),
        migrations.AddConstraint(
            model_name='modelversion',
            constraint=models.UniqueConstraint(condition=models.Q(('is_active', True)), fields=('is_active',), name='one_active_model_version'),
        ),
        migrations.AddConstraint(
            model_name='recording',
            constraint=models.UniqueConstraint(condition=models.Q(('voided_at__isnull', True), models.Q(('sha256', ''), _negated=True)), fields=('session', 'sha256'), name='same_file_once_in_a_session'),
        ),
        migrations.AddIndex(
            model_name='analysis',
            index=models.Index(fields=['state', 'lease_until'], name='analysis_due'),
        ),
        migrations.AddConstraint(
            model_name='analysis',
            constraint=models.UniqueConstraint(fields=('recording', 'model_version'), name='one_analysis_per_recording_and_model'),
        ),
    ]

# One image for every role: docker-compose.yml gives the command.
FROM python:3.11-slim

# Torch is used for training only, and PyPI's build of it carries CUDA. On a server without a GPU, give the
# PyTorch project's CPU index as PIP_EXTRA_INDEX_URL: the image is then about 3 GB smaller.
ARG PIP_EXTRA_INDEX_URL=""
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1

WORKDIR /srv/ser-clinic
COPY pyproject.toml constraints.txt ./
RUN python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"], sep="\n")' \
        > /tmp/run.txt \
    && pip install --only-binary :all: -c constraints.txt -r /tmp/run.txt

COPY . .
RUN python -m compileall -q manage.py ser_clinic patients analysis ml \
    && useradd --system --no-create-home --uid 10001 clinic \
    && install -d -o clinic -g clinic -m 700 /var/lib/ser-clinic
ENV VAR_DIR=/var/lib/ser-clinic
USER clinic
VOLUME /var/lib/ser-clinic
EXPOSE 8000
CMD ["uvicorn", "ser_clinic.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--lifespan", "off", "--no-access-log", "--no-server-header", "--log-level", "warning"]

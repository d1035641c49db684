# Two stages: build tools stay in the first.
FROM python:3.13-slim-bookworm AS build
WORKDIR /srv/flaskblog
# s3fs, for sites that keep their pictures in a bucket, can be chosen by setting MEDIA_URL only.
COPY requirements.txt deploy/requirements-s3.txt ./
RUN python3 -m venv .venv \
    && .venv/bin/pip install --no-cache-dir --disable-pip-version-check -r requirements.txt -r requirements-s3.txt \
    && .venv/bin/pip uninstall --yes --quiet pip
COPY config.py run.py ./
COPY flaskblog flaskblog
RUN .venv/bin/python -m compileall -q config.py run.py flaskblog

FROM python:3.13-slim-bookworm
RUN useradd --uid 10001 --user-group --home-dir /srv/flaskblog --no-create-home --shell /usr/sbin/nologin flaskblog \
    && mkdir -p /srv/flaskblog/instance /srv/flaskblog/backups \
    && chown flaskblog:flaskblog /srv/flaskblog/instance /srv/flaskblog/backups
WORKDIR /srv/flaskblog
COPY --from=build /srv/flaskblog /srv/flaskblog
ENV PATH=/srv/flaskblog/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 \
    LOG_FORMAT=json
USER 10001:10001
VOLUME /srv/flaskblog/instance
EXPOSE 5000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ.get(\"PORT\", 5000)}/readyz', timeout=4)"]
# Web and worker in one container; compose.yaml runs one of them in each.
CMD ["flask", "--app", "run", "start"]

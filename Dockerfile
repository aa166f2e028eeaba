# One image for the web server and the worker; compose.yaml starts both.
FROM python:3.11-slim AS build
COPY requirements-run.lock .
RUN python -m venv /venv \
    && /venv/bin/python -m pip install --no-cache-dir --require-hashes -r requirements-run.lock

FROM python:3.11-slim
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DATA_DIR=/data \
    HOST=0.0.0.0 \
    PORT=8080
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin shop \
    && install -d -o shop -g shop -m 0700 /data
WORKDIR /srv/tiktok-shop-source
COPY --from=build /venv /venv
# .dockerignore keeps data, secrets, tests and documents out.
COPY . .
USER 10001
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/healthz', timeout=4)"]
CMD ["python", "-m", "gunicorn", "-c", "gunicorn_conf.py", "app:create_app()"]

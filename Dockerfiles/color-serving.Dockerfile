# POST /predict on port 3333: a photo goes in, the photo in color comes out.
#
#   docker build -f Dockerfiles/color-serving.Dockerfile -t colorway/color-serving:v1 .
#   docker run -p 3333:3333 -e URL=http://HOST:8501/v1/models/my-model:predict colorway/color-serving:v1
ARG PYTHON_IMAGE=docker.io/library/python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS requirements
WORKDIR /build
COPY pyproject.toml Dockerfiles/requirements.py ./
# HEIC, 26 MB, is what iPhones send; PostgreSQL, 13 MB, is where replicas keep votes.
RUN for extra in client heif postgres; do python requirements.py $extra; done > requirements.txt

# Installed by a pip of its own, so that there is none in the result.
FROM ${PYTHON_IMAGE} AS packages
WORKDIR /build
RUN python -m venv installer && python -m venv --without-pip /opt/colorway
COPY constraints.txt ./
COPY --from=requirements /build/requirements.txt ./
RUN installer/bin/pip --python /opt/colorway/bin/python install --no-cache-dir \
      -r requirements.txt -c constraints.txt \
    && find /opt/colorway/lib -path '*/numpy/*' -name tests -prune -exec rm -rf {} +

FROM ${PYTHON_IMAGE} AS program
WORKDIR /app
COPY LICENSE ./
COPY colorway colorway
COPY web web
COPY pictures pictures
COPY predict_url predict_url
COPY feedback feedback
COPY photo_client photo_client
COPY color_client color_client
RUN python -m compileall -q .

FROM ${PYTHON_IMAGE}
# The base's own pip is not needed any more.
RUN rm -rf /usr/local/lib/python3*/site-packages/pip* \
      /usr/local/lib/python3*/site-packages/setuptools* \
      /usr/local/lib/python3*/site-packages/wheel* \
      /usr/local/lib/python3*/ensurepip /usr/local/bin/pip* /usr/local/bin/wheel \
      /usr/lib/python3*/ensurepip /usr/share/python-wheels
COPY --from=packages /opt/colorway /opt/colorway
COPY --from=program /app /app
WORKDIR /app
# Any user may run it, with a root file system that cannot be written to; /tmp is home.
ENV PATH=/opt/colorway/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
EXPOSE 3333
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "-c", \
  "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + (os.environ.get('PORT') or '3333') + '/healthz', timeout=4)"]
USER 10001:10001
ENTRYPOINT ["python", "-m", "color_client"]

# Version and revision are the build's to say (build.py).
LABEL org.opencontainers.image.title="color-serving" \
      org.opencontainers.image.description="Colors photos over HTTP through a model server" \
      org.opencontainers.image.licenses="Apache-2.0"

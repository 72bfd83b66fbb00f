# Our model server: TensorFlow Serving's REST API on port 8501. It serves color/v2 as my-model unless
# another base path is mounted or named.
#
#   docker build -f Dockerfiles/model-server.Dockerfile -t colorway/model-server:v1 .
#   docker run -p 8501:8501 colorway/model-server:v1
#   docker run -p 8501:8501 -v my-models:/model colorway/model-server:v1 \
#       --model_name my-model --model_base_path /model
ARG PYTHON_IMAGE=docker.io/library/python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS requirements
WORKDIR /build
COPY pyproject.toml Dockerfiles/requirements.py ./
RUN python requirements.py serving > requirements.txt

# Installed by a pip of its own, so that there is none in the result.
FROM ${PYTHON_IMAGE} AS packages
WORKDIR /build
RUN python -m venv installer && python -m venv --without-pip /opt/colorway
COPY constraints.txt ./
COPY --from=requirements /build/requirements.txt ./
RUN installer/bin/pip --python /opt/colorway/bin/python install --no-cache-dir \
      -r requirements.txt -c constraints.txt \
    # What one builds extensions with: 500 MB.
    && rm -rf /opt/colorway/lib/python3*/site-packages/tensorflow/include \
      /opt/colorway/lib/python3*/site-packages/clang

FROM ${PYTHON_IMAGE} AS program
WORKDIR /app
COPY LICENSE ./
COPY colorway colorway
COPY web web
COPY serving serving
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
COPY models/color/v2 /models/my-model
WORKDIR /app
# Any user may run it, with a root file system that cannot be written to; /tmp is home.
ENV PATH=/opt/colorway/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
EXPOSE 8501
# Its port opens with the first version, and that may take a training.
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s CMD ["python", "-c", \
  "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/monitoring/prometheus/metrics', timeout=4)"]
USER 10001:10001
ENTRYPOINT ["python", "-m", "serving", "--rest_api_host", "0.0.0.0"]
CMD ["--model_name", "my-model", "--model_base_path", "/models/my-model"]

# Version and revision are the build's to say (build.py).
LABEL org.opencontainers.image.title="model-server" \
      org.opencontainers.image.description="Serves a SavedModel through the REST API of TensorFlow Serving" \
      org.opencontainers.image.licenses="Apache-2.0 AND CC-BY-NC-4.0"

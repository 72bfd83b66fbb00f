# With no arguments it trains the shipped v1 on, on the photos in samples/, and publishes to /model.
#
#   docker build -f Dockerfiles/train-color.Dockerfile -t colorway/train-color:v1 .
#   docker run -v my-models:/model colorway/train-color:v1
#
# For a GPU: the same, with the CUDA that this TensorFlow is made for, which NVIDIA publishes as
# packages; the driver is the machine's.
#
#   docker build -f Dockerfiles/train-color.Dockerfile \
#       --build-arg TENSORFLOW='tensorflow[and-cuda]' -t colorway/train-color:v1-gpu .
ARG PYTHON_IMAGE=docker.io/library/python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS requirements
WORKDIR /build
COPY pyproject.toml Dockerfiles/requirements.py ./
ARG TENSORFLOW=tensorflow
RUN python requirements.py training "${TENSORFLOW}" > requirements.txt

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
COPY pictures pictures
COPY training training
RUN python -m compileall -q .
COPY models/color/v1 models/color/v1
COPY samples samples

FROM ${PYTHON_IMAGE}
# The base's own pip is not needed any more.
RUN rm -rf /usr/local/lib/python3*/site-packages/pip* \
      /usr/local/lib/python3*/site-packages/setuptools* \
      /usr/local/lib/python3*/site-packages/wheel* \
      /usr/local/lib/python3*/ensurepip /usr/local/bin/pip* /usr/local/bin/wheel \
      /usr/lib/python3*/ensurepip /usr/share/python-wheels \
    # A new volume takes on the folder's owner.
    && install -d -o 10001 -g 10001 /model
COPY --from=packages /opt/colorway /opt/colorway
COPY --from=program /app /app
WORKDIR /app
# Any user may run it, with a root file system that cannot be written to; /tmp is home.
ENV PATH=/opt/colorway/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
HEALTHCHECK NONE
USER 10001:10001
ENTRYPOINT ["python", "-m", "training"]

# Version and revision are the build's to say (build.py).
LABEL org.opencontainers.image.title="train-color" \
      org.opencontainers.image.description="Trains a network that colors photos, and publishes it to /model" \
      org.opencontainers.image.licenses="Apache-2.0 AND CC-BY-NC-4.0"

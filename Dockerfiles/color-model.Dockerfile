# Copies the shipped color models to /mnt, as model/v1/1 and model/v2/2; what is there already is left alone.
#
#   docker build -f Dockerfiles/color-model.Dockerfile -t colorway/color-model:v1 .
#   docker run -v color-model:/mnt colorway/color-model:v1
#
# deploy/color-model.yaml runs it on a cluster; then pvc://color-model/model/v2 can be served.
# On the clients' base, which the nodes have already.
ARG PYTHON_IMAGE=docker.io/library/python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS program
WORKDIR /app
COPY LICENSE ./
COPY local/__init__.py local/model_folder.py local/shipped_models.py local/
RUN python -m compileall -q .

FROM ${PYTHON_IMAGE}
# The base's own pip is not needed any more.
RUN rm -rf /usr/local/lib/python3*/site-packages/pip* \
      /usr/local/lib/python3*/site-packages/setuptools* \
      /usr/local/lib/python3*/site-packages/wheel* \
      /usr/local/lib/python3*/ensurepip /usr/local/bin/pip* /usr/local/bin/wheel \
      /usr/lib/python3*/ensurepip /usr/share/python-wheels \
    # A new volume takes on the folder's owner.
    && install -d -o 10001 -g 10001 /mnt
COPY --from=program /app /app
COPY models/color /app/models/color
WORKDIR /app
# Any user may run it, with a root file system that cannot be written to; /tmp is home.
ENV HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
HEALTHCHECK NONE
USER 10001:10001
ENTRYPOINT ["python", "-m", "local.shipped_models"]
CMD ["color", "/mnt"]

# Version and revision are the build's to say (build.py).
LABEL org.opencontainers.image.title="color-model" \
      org.opencontainers.image.description="Copies the shipped color models to /mnt" \
      org.opencontainers.image.licenses="Apache-2.0 AND CC-BY-NC-4.0"

# A shipped model on top of the official TensorFlow Serving: color/v2 as my-model, on port 8501.
#
#   docker build -f Dockerfiles/tensorflow-serving.Dockerfile -t colorway/tensorflow-serving:v1 .
#   docker run -p 8501:8501 colorway/tensorflow-serving:v1
#
# Another: --build-arg MODEL=color/v1, or MODEL=style.
ARG SERVING_IMAGE=docker.io/tensorflow/serving:2.19.0

FROM ${SERVING_IMAGE}
ARG MODEL=color/v2
COPY models/${MODEL} /models/my-model
EXPOSE 8501
# There is no curl in the image; bash speaks TCP.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["bash", "-c", \
  "exec 3<>/dev/tcp/127.0.0.1/8501 && printf 'GET /v1/models/my-model HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && grep -q AVAILABLE <&3"]
USER 10001:10001
ENTRYPOINT ["tensorflow_model_server", "--rest_api_port=8501"]
CMD ["--model_name=my-model", "--model_base_path=/models/my-model"]

# Version and revision are the build's to say (build.py).
LABEL org.opencontainers.image.title="tensorflow-serving" \
      org.opencontainers.image.description="TensorFlow Serving with a shipped model" \
      org.opencontainers.image.licenses="Apache-2.0 AND CC-BY-NC-4.0"

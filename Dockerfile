# The image of web, worker and set-up. Built in one stage and run in another, so that nothing of the
# building stays; as a user that is not root, with a root file system that may be read-only.
FROM python:3.11.14-slim-bookworm AS build
WORKDIR /source
COPY requirements.lock ./
RUN python -m venv /opt/lookalike \
    && /opt/lookalike/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY index_templates index_templates
COPY lookalike lookalike
COPY webapp webapp
COPY workers workers
RUN /opt/lookalike/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
    && /opt/lookalike/bin/python -m compileall -q /opt/lookalike/lib

FROM python:3.11.14-slim-bookworm
RUN useradd --uid 1000 --create-home --home-dir /data lookalike
RUN mkdir /models && chown 1000:1000 /models
COPY --from=build /opt/lookalike /opt/lookalike
ENV PATH=/opt/lookalike/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    OPENBLAS_NUM_THREADS=1 \
    LOOKALIKE_DATA_DIR=/data \
    LOOKALIKE_HOST=0.0.0.0
USER 1000
VOLUME /data
EXPOSE 8080
CMD ["lookalike", "serve"]

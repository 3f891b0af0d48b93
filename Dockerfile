# Built by GitHub at the start of every job that uses the action: few layers, no compiling, nothing that needs BuildKit.
# The base may be any image with python3 >= 3.11 and its venv module, the official one or a bare Debian.
ARG BASE_IMAGE=python:3.13-slim-trixie@sha256:9d2e5553305c7c7b0097999bb17187c69b921ccd6bc9d40e4bb5ebe652c00285

# hadolint ignore=DL3006 # the tag and digest stand in the default of BASE_IMAGE
FROM ${BASE_IMAGE} AS builder
# For builders behind a proxy with a CA of its own, or with a mirror; both unset otherwise, and neither reaches the image.
ARG PIP_CERT
ARG PIP_INDEX_URL
COPY requirements/image.txt /build/
# pip lives in a venv of its own and installs into another, so that it is not there to be removed again. The lock is complete
# but for cryptography, which docs/decisions.md leaves out: pip would look for it (--no-deps).
RUN python3 -m venv /build/pip \
    && python3 -m venv --without-pip /opt/vopr-coverage \
    && /build/pip/bin/python -m pip --python /opt/vopr-coverage/bin/python --disable-pip-version-check --no-cache-dir \
        install --require-hashes --no-deps --only-binary :all: --no-compile -r /build/image.txt
COPY src/vopr_coverage /build/vopr_coverage/
COPY entrypoint.py /opt/vopr-coverage/
# The bytecode is never checked against the sources' times: they may change on the way into the image. Modes are set, so that
# the umask of a checkout does not change the image.
RUN cp -R /build/vopr_coverage /opt/vopr-coverage/lib/python3.*/site-packages/ \
    && export PYTHONHASHSEED=0 \
    && python3 -m compileall -q --invalidation-mode unchecked-hash /opt/vopr-coverage/lib \
    && /opt/vopr-coverage/bin/python -m vopr_coverage.render.compiled \
    && chmod -R u=rwX,go=rX /opt/vopr-coverage

# hadolint ignore=DL3006 # as above
FROM ${BASE_IMAGE}
# What installs packages has no place beside untrusted input. Both layouts are named: the official image's and Debian's.
RUN rm -rf /usr/local/bin/pip* /usr/local/lib/python3*/site-packages/* /usr/local/lib/python3*/ensurepip \
    /usr/lib/python3*/ensurepip /usr/share/python-wheels /usr/share/python3-wheels
COPY --from=builder /opt/vopr-coverage /opt/vopr-coverage
# No USER and no WORKDIR: the runner mounts its files for root and sets the directory itself.
# -I: neither PYTHON* variables of the job nor modules in the workspace reach us; -u: the log keeps pace.
ENTRYPOINT ["/opt/vopr-coverage/bin/python", "-I", "-u", "-X", "utf8", "/opt/vopr-coverage/entrypoint.py"]

# sinkhole in a container: built in one stage, run in another without compilers, package caches
# or root. Everything sinkhole needs is in /opt/sinkhole, everything it keeps in /var/lib/sinkhole.

FROM python:3.13-slim AS build
RUN apt-get update \
 && apt-get install --yes --no-install-recommends libcap2-bin \
 && rm -rf /var/lib/apt/lists/*
# --copies: an interpreter of its own, so that the capability below is sinkhole's alone.
RUN python -m venv --copies /opt/sinkhole
# What builds sinkhole stays behind in an environment of its own.
RUN python -m venv /opt/build
ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /source
# Exact versions with hashes, before the code: a change of code alone fetches nothing again.
COPY requirements ./requirements
RUN /opt/sinkhole/bin/python -m pip install --require-hashes -r requirements/run.txt \
 && /opt/build/bin/python -m pip install --require-hashes -r requirements/build.txt \
        -r requirements/page.txt
COPY pyproject.toml README.md LICENSE ./
COPY packaging ./packaging
COPY ui ./ui
COPY blocklists ./blocklists
COPY config ./config
COPY sinkhole ./sinkhole
RUN /opt/build/bin/python -m pip wheel --no-deps --no-build-isolation --wheel-dir /opt/build . \
 && /opt/sinkhole/bin/python -m pip install --no-deps /opt/build/sinkhole-*.whl
# Port 53 is privileged, and an ordinary user gets no capability from `cap_add` alone: Docker adds
# it to what the container may have, and the program file has to ask for it. This is that request.
# It matters with host networking; in a network of its own, a container of Docker 20.10 or newer
# may use every port anyway.
RUN setcap cap_net_bind_service=+ep /opt/sinkhole/bin/python

FROM python:3.13-slim
RUN groupadd --gid 5353 sinkhole \
 && useradd --uid 5353 --gid 5353 --no-create-home --home-dir /var/lib/sinkhole \
            --shell /usr/sbin/nologin sinkhole \
 && install --directory --owner=5353 --group=5353 --mode=0750 /var/lib/sinkhole
COPY --from=build /opt/sinkhole /opt/sinkhole
COPY config/sinkhole.yaml config/sinkhole.schema.json /etc/sinkhole/
# The data has a place of its own here, whatever the settings file says. As variables, both count
# for every command, also for those that `docker exec` runs.
ENV PATH=/opt/sinkhole/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    SINKHOLE_CONFIG=/etc/sinkhole/sinkhole.yaml \
    SINKHOLE__DATA_DIR=/var/lib/sinkhole
USER 5353:5353
WORKDIR /var/lib/sinkhole
VOLUME /var/lib/sinkhole
# 853 and 443 are for encrypted DNS, where the settings have it listened to.
EXPOSE 53/udp 53/tcp 8080/tcp 853/tcp 853/udp 443/tcp 443/udp
# Asks the running server over DNS and over HTTP; unhealthy when either does not answer.
HEALTHCHECK --interval=60s --timeout=10s --start-period=15s \
    CMD ["sinkhole", "healthcheck"]
ENTRYPOINT ["sinkhole"]
CMD ["run"]

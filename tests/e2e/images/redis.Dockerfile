# Stands in for Docker Hub's redis image where that cannot be pulled: same program, same user, same folder.
FROM debian:bookworm-slim
RUN apt-get -qq update \
    && DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends redis-server >/dev/null \
    && rm -rf /var/lib/apt/lists/* \
    && groupmod -g 999 redis && usermod -u 999 redis \
    && mkdir -p /data && chown redis:redis /data
VOLUME /data
WORKDIR /data
CMD ["redis-server"]

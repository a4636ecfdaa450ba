# The images for those who build with a container engine; `make image` builds them without one, with the same content.
#
#   docker build -t ganglion:dev .
#   docker build -t ganglion-device-plugin:dev --target device-plugin .

FROM swift:6.3.1-bookworm AS build
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends libssl-dev libyaml-dev zlib1g-dev pkg-config python3 ca-certificates \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY Package.swift LICENSE ./
COPY Sources Sources
COPY Tests Tests
COPY deploy/link-order.txt deploy/link-order.txt
COPY scripts scripts
# The time in the lists of contents; there is no repository here that has one.
ARG SOURCE_DATE_EPOCH=0
RUN scripts/build-image --root /out

FROM scratch AS device-plugin
COPY --from=build /out/ganglion-device-plugin/ /
LABEL org.opencontainers.image.title="ganglion-device-plugin" \
    org.opencontainers.image.description="AWS NeuronCores on Kubernetes: the device plugin alone" \
    org.opencontainers.image.version="0.1.0" \
    org.opencontainers.image.licenses="Apache-2.0"
USER 0:0
WORKDIR /
ENTRYPOINT ["/ganglion-device-plugin"]

FROM scratch AS ganglion
COPY --from=build /out/ganglion/ /
LABEL org.opencontainers.image.title="ganglion" \
    org.opencontainers.image.description="AWS NeuronCores on Kubernetes: device plugin, node agent, operator, model server and command line" \
    org.opencontainers.image.version="0.1.0" \
    org.opencontainers.image.licenses="Apache-2.0"
# uid 0, since old drivers make sysfs files that only root can read; the chart drops every capability.
USER 0:0
WORKDIR /
ENTRYPOINT ["/ganglion"]

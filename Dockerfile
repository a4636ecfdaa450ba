# One image with every executable, on nothing else: the binaries are static.
#
#   docker build -t ganglion:dev .
#   docker run --rm ganglion:dev /ganglion ls --help

FROM swift:6.3.1-bookworm AS build
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends libssl-dev libyaml-dev zlib1g-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY Package.swift ./
COPY Sources Sources
COPY Tests Tests
COPY scripts/build-static scripts/build-static
COPY deploy/link-order.txt deploy/link-order.txt
RUN scripts/build-static -Xlinker -s \
    && mkdir /out \
    && cp .build/release/ganglion .build/release/ganglion-device-plugin .build/release/ganglion-node-agent \
        .build/release/ganglion-operator .build/release/ganglion-model-server /out/

FROM scratch
COPY --from=build /out/ /
# uid 0, since old drivers make sysfs files that only root can read; the chart drops every capability.
USER 0:0
ENTRYPOINT ["/ganglion"]

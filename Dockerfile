# For a build that can be repeated, name the image by its digest:
# --build-arg GO_IMAGE=golang:1.26-bookworm@sha256:…
ARG GO_IMAGE=golang:1.26-bookworm

FROM ${GO_IMAGE} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
ARG TARGETOS
ARG TARGETARCH
RUN CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH} \
    go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=${VERSION}" -o /root/image/bonafide .
# The rest of the image: who runs it, whom it trusts, where data goes.
RUN cd /root/image \
    && mkdir -p etc/ssl/certs data \
    && echo 'bonafide:x:65532:65532:bonafide:/data:/sbin/nologin' > etc/passwd \
    && echo 'bonafide:x:65532:' > etc/group \
    && cp /etc/ssl/certs/ca-certificates.crt etc/ssl/certs/

FROM scratch
ARG VERSION=dev
LABEL org.opencontainers.image.title="bonafide" \
      org.opencontainers.image.description="One REST API in front of many identity-verification providers" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
COPY --from=build /root/image/etc /etc
COPY --from=build --chown=65532:65532 /root/image/data /data
COPY --from=build /root/image/bonafide /bonafide
USER 65532:65532
# Where the SQLite file is, unless a database is named.
WORKDIR /data
VOLUME /data
ENV BONAFIDE_LISTEN=0.0.0.0:8080 \
    TMPDIR=/data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=15s --retries=3 CMD ["/bonafide", "health"]
ENTRYPOINT ["/bonafide"]
CMD ["serve"]

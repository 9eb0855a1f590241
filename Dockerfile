# SPDX-License-Identifier: Apache-2.0
# The images: docker build --target controller -t 5spot:0.1.0 . and --target agent -t 5spot-reclaim-agent:0.1.0
#
# Each is a native executable with the libraries that it loads, and nothing else: no shell, no package manager. What is in it
# is in /sbom.json. Rebuild it for fixes of OpenSSL and libc: the libraries are those of the SDK's image.
#
# The .NET 10 SDK on a Debian or an Ubuntu with OpenSSL 3, by the name that it has in your registry.
ARG SDK=dotnet/sdk:10.0

FROM ${SDK} AS build
RUN apt-get update \
 && apt-get install -qy --no-install-recommends ca-certificates gcc libc6-dev openssl zlib1g-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN eng/publish.sh \
 && eng/image-root.sh 5spot /images/controller \
 && eng/image-root.sh 5spot-reclaim-agent /images/agent

FROM scratch AS agent
COPY --from=build /images/agent/ /
# Root, since that is what the kernel asks of a listener to its proc connector; deploy/node-agent leaves it one capability.
USER 0:0
ENTRYPOINT ["/5spot-reclaim-agent"]

# The last one is what is built when none is named.
FROM scratch AS controller
COPY --from=build /images/controller/ /
USER 65534:65534
EXPOSE 8080 8081
ENTRYPOINT ["/5spot"]

// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>What a scenario runs on.</summary>
public enum ServerKind
{
    /// <summary>The API server of the sandbox, one a scenario.</summary>
    Embedded,

    /// <summary>A real kube-apiserver, with etcd and kube-controller-manager, shared by the scenarios of a run; skipped where there is none.</summary>
    KubeApiServer,
}

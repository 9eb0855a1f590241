// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Lifecycle;

/// <summary>Which of a machine's two provider objects is meant.</summary>
public enum ProviderRole
{
    /// <summary>What turns the machine into a Node: a <c>K0sWorkerConfig</c>, a <c>KubeadmConfig</c>.</summary>
    Bootstrap,

    /// <summary>The machine itself: a <c>RemoteMachine</c>, a <c>Metal3Machine</c>.</summary>
    Infrastructure,
}

// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>A bootstrap and an infrastructure provider, and what a person writes in the templates for them.</summary>
internal sealed record Providers(ResourceType Bootstrap, string BootstrapSpec, ResourceType Infrastructure, string InfrastructureSpec)
{
    /// <summary>k0smotron: a machine that is there already, over SSH.</summary>
    public static readonly Providers K0smotron = new(
        new("bootstrap.cluster.x-k8s.io", "v1beta1", "k0sworkerconfigs", "K0sWorkerConfig", Namespaced: true),
        """{"version":"v1.33.1+k0s.0"}""",
        new("infrastructure.cluster.x-k8s.io", "v1beta1", "remotemachines", "RemoteMachine", Namespaced: true),
        """{"address":"192.0.2.1","port":22,"user":"admin","sshKeyRef":{"name":"key"}}""");

    /// <summary>kubeadm, on Cluster API's own provider for development.</summary>
    public static readonly Providers Kubeadm = new(
        new("bootstrap.cluster.x-k8s.io", "v1beta2", "kubeadmconfigs", "KubeadmConfig", Namespaced: true),
        """{"joinConfiguration":{"nodeRegistration":{"kubeletExtraArgs":[{"name":"node-labels","value":"lent=true"}]}},"preKubeadmCommands":["hostnamectl"]}""",
        new("infrastructure.cluster.x-k8s.io", "v1beta2", "devmachines", "DevMachine", Namespaced: true),
        """{"backend":{"docker":{"bootstrapTimeout":"3m"}}}""");
}

// SPDX-License-Identifier: Apache-2.0

using System.Buffers;

namespace FiveSpot.ReclaimAgent.Detection;

/// <summary>
/// What the path of a control group says: kubelets and container runtimes put pods, and systemd puts services, into groups whose
/// names can be known. Nobody gets out of their group without being root on the machine, and what a group is below says as much as
/// what it is: so a pod can't pass for the owner.
/// </summary>
/// <remarks>
/// The names are looked for at any depth: a kubelet may have a root of its own (<c>--cgroup-root</c>), or be in a container itself. A
/// reader in a control group namespace sees <c>/../..</c> in place of what is above its own group, which may be all that says
/// <c>kubepods</c>. Whole names are compared, and of a pod's group the pod too, so that a program, a container or a virtual machine of
/// the owner's is not taken for the cluster's for what somebody called it.
/// </remarks>
internal static class ControlGroup
{
    private static readonly SearchValues<byte> Digits = SearchValues.Create("0123456789abcdef"u8);
    private static readonly SearchValues<byte> UidDigits = SearchValues.Create("0123456789abcdef-"u8);

    /// <summary>Whether a group is one of a pod, or of what runs pods: kubelet, k0s and others like it, and the container runtime.</summary>
    /// <param name="path">What stands behind the second colon of a line of <c>/proc/&lt;pid&gt;/cgroup</c>.</param>
    public static bool IsOfTheCluster(ReadOnlySpan<byte> path)
    {
        var deleted = " (deleted)"u8;
        path = path.EndsWith(deleted) ? path[..^deleted.Length] : path;
        var (below, hasUserManager) = (Below.Other, false);
        foreach (var range in path.Split((byte)'/'))
        {
            var name = path[range];
            if (name.IsEmpty)
            {
                continue;
            }

            if (IsPod(name, below) || IsContainerOfPod(name, below)
                || (!hasUserManager && IsService(name, isLast: range.End.Value == path.Length)))
            {
                return true;
            }

            // Services of a person's own manager are theirs, whatever they are called: docker.service is, without root.
            hasUserManager |= name.StartsWith("user@"u8) && name.EndsWith(".service"u8);
            below = What(name, below);
        }

        return false;
    }

    private enum Below
    {
        Other,

        /// <summary>What is hidden, where kubelets with the cgroupfs driver may make the groups of pods.</summary>
        Hidden,

        /// <summary>Where they do.</summary>
        Pods,

        /// <summary>Where containerd has containers that nobody gave a parent.</summary>
        RuntimeNamespace,
    }

    private static Below What(ReadOnlySpan<byte> name, Below above) =>
        name.SequenceEqual(".."u8) ? Below.Hidden
        : name.SequenceEqual("kubepods"u8) ? Below.Pods
        : name.SequenceEqual("k8s.io"u8) ? Below.RuntimeNamespace
        : above is Below.Hidden or Below.Pods && (name.SequenceEqual("burstable"u8) || name.SequenceEqual("besteffort"u8)) ? above
        : Below.Other;

    private static bool IsPod(ReadOnlySpan<byte> name, Below below) =>
        IsPodSlice(name)
        || (name.StartsWith("pod"u8) && below switch
        {
            Below.Pods => name.Length > 3,
            Below.Hidden => IsUid(name[3..]),
            _ => false,
        });

    // kubepods-burstable-pod<uid>.slice, and behind a colon what a runtime without the systemd driver makes of it; before it the
    // root that the kubelet was given: kubelet-kubepods-….
    private static bool IsPodSlice(ReadOnlySpan<byte> name)
    {
        var colon = name.IndexOf((byte)':');
        name = colon < 0 ? name : name[..colon];
        var pods = "kubepods-"u8;
        var slice = ".slice"u8;
        var at = name.LastIndexOf(pods);
        if (at < 0 || (at > 0 && name[at - 1] != '-') || !name.EndsWith(slice))
        {
            return false;
        }

        var rest = name[(at + pods.Length)..^slice.Length];
        rest = rest.StartsWith("burstable-"u8) ? rest["burstable-"u8.Length..] : rest.StartsWith("besteffort-"u8) ? rest["besteffort-"u8.Length..] : rest;
        return rest.StartsWith("pod"u8) && rest.Length > 3;
    }

    // What the runtimes call the containers of pods alone, for kubelets that don't group pods (--cgroups-per-qos=false).
    private static bool IsContainerOfPod(ReadOnlySpan<byte> name, Below below)
    {
        if (below is Below.RuntimeNamespace && IsContainerId(name))
        {
            return true;
        }

        name = name.EndsWith(".scope"u8) ? name[..^".scope"u8.Length] : name;
        return name.Length > 64 && IsContainerId(name[^64..])
            && name[..^64] is var by && (by.SequenceEqual("cri-containerd-"u8) || by.SequenceEqual("crio-"u8) || by.SequenceEqual("crio-conmon-"u8));
    }

    private static bool IsService(ReadOnlySpan<byte> name, bool isLast)
    {
        var service = ".service"u8;
        if (!name.EndsWith(service))
        {
            // Where Kata Containers has what its virtual machines need beside the pods.
            return name.SequenceEqual("kata_overhead"u8);
        }

        name = name[..^service.Length];
        return name.SequenceEqual("kubelet"u8)
            || name.SequenceEqual("k0sworker"u8) || name.SequenceEqual("k0scontroller"u8)
            || name.SequenceEqual("k3s"u8) || name.SequenceEqual("k3s-agent"u8)
            || name.SequenceEqual("rke2-agent"u8) || name.SequenceEqual("rke2-server"u8)
            || name.SequenceEqual("crio"u8) || name.SequenceEqual("cri-docker"u8)
            || name.StartsWith("snap.microk8s.daemon-"u8) || name.StartsWith("snap.k8s."u8)

            // These serve the owner as well, and what is below them may be the owner's.
            || (isLast && (name.SequenceEqual("containerd"u8) || name.SequenceEqual("docker"u8)));
    }

    // A UUID, or of a static pod 32 digits.
    private static bool IsUid(ReadOnlySpan<byte> text) => text.Length is >= 32 and <= 36 && !text.ContainsAnyExcept(UidDigits);

    private static bool IsContainerId(ReadOnlySpan<byte> text) => text.Length == 64 && !text.ContainsAnyExcept(Digits);
}

// SPDX-License-Identifier: Apache-2.0

using FiveSpot.ReclaimAgent.Detection;
using FiveSpot.ReclaimAgent.Tests.Environment;

namespace FiveSpot.ReclaimAgent.Tests.Detection;

/// <summary>
/// Whose a process is: what <c>/proc/&lt;pid&gt;/cgroup</c> says on machines of all kinds, in the words of kubelets, runtimes, systemd
/// and the kernel.
/// </summary>
public sealed class ControlGroupTests : IDisposable
{
    private const string Pod = "7f3b6a52-1d0e-4c35-9c5b-2f1f6f0b8d11";
    private const string PodInSlice = "7f3b6a52_1d0e_4c35_9c5b_2f1f6f0b8d11";
    private const string StaticPod = "d0f1c2b3a4958677685940312213fe0d";
    private const string Id = "4be0643f1d98573b97cdca98a65347dd4be0643f1d98573b97cdca98a65347dd";

    private readonly FakeProc _proc = new();

    /// <summary>Groups of the cluster: name of the case, and the file's contents.</summary>
    public static TheoryData<string, string> OfTheCluster => new()
    {
        { "containerd, systemd driver, v2", $"0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{PodInSlice}.slice/cri-containerd-{Id}.scope" },
        { "guaranteed", $"0::/kubepods.slice/kubepods-pod{PodInSlice}.slice/cri-containerd-{Id}.scope" },
        { "best effort, static pod", $"0::/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod{StaticPod}.slice/cri-containerd-{Id}.scope" },
        { "a group that the container made for itself", $"0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{PodInSlice}.slice/cri-containerd-{Id}.scope/user.slice/user-1000.slice/session-1.scope" },
        { "a group that is gone", $"0::/kubepods.slice/kubepods-pod{PodInSlice}.slice (deleted)" },
        { "CRI-O, systemd driver", $"0::/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod{PodInSlice}.slice/crio-{Id}.scope" },
        { "CRI-O with crun, whose container is below", $"0::/kubepods.slice/kubepods-pod{PodInSlice}.slice/crio-{Id}.scope/container" },
        { "conmon in the pod", $"0::/kubepods.slice/kubepods-pod{PodInSlice}.slice/crio-conmon-{Id}.scope" },
        { "conmon in system.slice", $"0::/system.slice/crio-conmon-{Id}.scope" },
        { "cri-dockerd, systemd driver", $"0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{PodInSlice}.slice/docker-{Id}.scope" },
        { "containerd, cgroupfs driver, v2", $"0::/kubepods/burstable/pod{Pod}/{Id}" },
        { "containerd, cgroupfs driver, guaranteed, static pod", $"0::/kubepods/pod{StaticPod}/{Id}" },
        { "CRI-O, cgroupfs driver", $"0::/kubepods/besteffort/pod{Pod}/crio-{Id}" },
        { "docker in a pod", $"0::/kubepods/burstable/pod{Pod}/{Id}/docker/{Id}" },
        {
            "containerd, cgroupfs driver, v1",
            $"""
            13:misc:/
            12:pids:/kubepods/burstable/pod{Pod}/{Id}
            11:cpuset:/kubepods/burstable/pod{Pod}/{Id}
            10:perf_event:/kubepods/burstable/pod{Pod}/{Id}
            9:cpu,cpuacct:/kubepods/burstable/pod{Pod}/{Id}
            8:rdma:/
            1:name=systemd:/kubepods/burstable/pod{Pod}/{Id}
            0::/
            """
        },
        {
            "cri-dockerd, systemd driver, v1",
            $"""
            5:devices:/kubepods.slice/kubepods-pod{PodInSlice}.slice/docker-{Id}.scope
            1:name=systemd:/kubepods.slice/kubepods-pod{PodInSlice}.slice/docker-{Id}.scope
            """
        },
        {
            "hybrid: the unified hierarchy still has what started it, and one of the others tells",
            $"""
            4:cpuset:/kubepods/besteffort/pod{Pod}/{Id}
            2:freezer:/user.slice
            1:name=systemd:/user.slice
            0::/user.slice/user-1000.slice/session-2.scope
            """
        },
        { "kubelet with systemd driver and a runtime without", $"0::/system.slice/containerd.service/kubepods-burstable-pod{PodInSlice}.slice:cri-containerd:{Id}" },
        { "the same in CRI-O", $"11:cpuset:/kubepods-besteffort-pod{PodInSlice}.slice:crio:{Id}" },
        { "--cgroup-root, cgroupfs driver", $"0::/reserved/kubepods/burstable/pod{Pod}/{Id}" },
        { "--cgroup-root, systemd driver", $"0::/reserved.slice/reserved-kubepods.slice/reserved-kubepods-burstable.slice/reserved-kubepods-burstable-pod{PodInSlice}.slice/cri-containerd-{Id}.scope" },
        { "kind, v1", $"9:memory:/docker/{Id}/kubelet/kubepods/burstable/pod{Pod}/{Id}" },
        { "kind, v2", $"0::/system.slice/docker-{Id}.scope/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod{PodInSlice}.slice/cri-containerd-{Id}.scope" },
        { "kind without root", $"0::/user.slice/user-1000.slice/user@1000.service/user.slice/docker-{Id}.scope/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod{PodInSlice}.slice/cri-containerd-{Id}.scope" },
        { "--cgroups-per-qos=false, containerd", $"0::/system.slice/cri-containerd-{Id}.scope" },
        { "--cgroups-per-qos=false, containerd, cgroupfs driver", $"0::/k8s.io/{Id}" },
        { "--cgroups-per-qos=false, CRI-O", $"0::/system.slice/crio-{Id}.scope" },
        { "seen from an agent in a group of its own: another pod of its class, cgroupfs driver", $"0::/../../pod{Pod}/{Id}" },
        { "seen from there: a pod of another class", $"0::/../../../besteffort/pod{Pod}/{Id}" },
        { "seen from there: a guaranteed static pod", $"0::/../../../pod{StaticPod}/{Id}" },
        { "seen from there: another pod, systemd driver", $"0::/../../kubepods-burstable-pod{PodInSlice}.slice/cri-containerd-{Id}.scope" },
        { "seen from there: the sandbox of its own pod", $"0::/../cri-containerd-{Id}.scope" },
        { "seen from a login session", $"0::/../../../kubepods/pod1/{Id}" },
        { "kubelet", "0::/system.slice/kubelet.service" },
        { "kubelet, seen from an agent in a group of its own", "0::/../../../../system.slice/kubelet.service" },
        { "kubelet in kind", $"0::/docker/{Id}/kubelet.slice/kubelet.service" },
        { "kubelet elsewhere", "0::/runtime.slice/kubelet.service" },
        { "k0s", "0::/system.slice/k0sworker.service" },
        { "what k0s starts", "0::/system.slice/k0sworker.service/leaf" },
        { "k0s as a controller with a worker", "0::/system.slice/k0scontroller.service" },
        { "k3s", "0::/system.slice/k3s.service" },
        { "k3s as an agent", "0::/system.slice/k3s-agent.service" },
        { "rke2", "0::/system.slice/rke2-agent.service" },
        { "microk8s", "0::/system.slice/snap.microk8s.daemon-kubelite.service" },
        { "Canonical Kubernetes", "0::/system.slice/snap.k8s.kubelet.service" },
        { "containerd, and what it starts before it is in its group", "0::/system.slice/containerd.service" },
        { "CRI-O", "0::/system.slice/crio.service" },
        { "cri-dockerd", "0::/system.slice/cri-docker.service" },
        { "docker", "0::/system.slice/docker.service" },
        { "docker, replaced while it runs", "0::/system.slice/docker.service (deleted)" },
        { "what Kata Containers needs beside the pods", $"0::/kata_overhead/{Id}" },
        { "v1: a runtime that told its kubelet nothing", "3:cpu:/system.slice/containerd.service\n1:name=systemd:/system.slice/containerd.service" },
    };

    /// <summary>Groups of the machine and its owner.</summary>
    public static TheoryData<string, string> OfTheMachine => new()
    {
        { "a login session", "0::/user.slice/user-1000.slice/session-2.scope" },
        { "GNOME", "0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome-idea-4711.scope" },
        { "flatpak", "0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-flatpak-org.libreoffice.LibreOffice-4711.scope" },
        { "snap", "0::/user.slice/user-1000.slice/user@1000.service/app.slice/snap.firefox.firefox-0b3c6a3d.scope" },
        { "a service", "0::/system.slice/tomcat.service" },
        { "no group at all", "0::/" },
        { "a login session, v1", "12:pids:/user.slice/user-1000.slice/session-2.scope\n11:cpuset:/\n9:cpu,cpuacct:/user.slice\n1:name=systemd:/user.slice/user-1000.slice/session-2.scope\n0::/user.slice/user-1000.slice/session-2.scope" },
        { "seen from an agent in a group of its own", "0::/../../../../user.slice/user-1000.slice/session-2.scope" },
        { "no group, seen from there", "0::/../../../.." },
        { "docker, systemd driver", $"0::/system.slice/docker-{Id}.scope" },
        { "docker, cgroupfs driver", $"0::/docker/{Id}" },
        { "docker, cgroupfs driver, v1", $"11:cpuset:/docker/{Id}\n1:name=systemd:/docker/{Id}\n0::/system.slice/containerd.service/leaf" },
        { "docker, seen from an agent in a group of its own", $"0::/../../../../system.slice/docker-{Id}.scope" },
        { "docker without root", $"0::/user.slice/user-1000.slice/user@1000.service/user.slice/docker-{Id}.scope" },
        { "docker without root and without groups", "0::/user.slice/user-1000.slice/user@1000.service/app.slice/docker.service" },
        { "containerd without root", "0::/user.slice/user-1000.slice/user@1000.service/app.slice/containerd.service" },
        { "a container whose parent is its runtime", $"0::/system.slice/docker.service/{Id}" },
        { "nerdctl", $"0::/system.slice/nerdctl-{Id}.scope" },
        { "nerdctl, cgroupfs driver", $"0::/default/{Id}" },
        { "podman", $"0::/machine.slice/libpod-{Id}.scope/container" },
        { "a podman pod", $"0::/machine.slice/machine-libpod_pod_{Id}.slice/libpod-{Id}.scope" },
        { "a podman pod, cgroupfs driver", $"0::/libpod_parent/{Id}/libpod-{Id}" },
        { "podman without root", $"0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{Id}.scope/container" },
        { "toolbox", $"0::/user.slice/user-1000.slice/user@1000.service/user.slice/user-libpod_pod_{Id}.slice/libpod-{Id}.scope" },
        { "libvirt", "0::/machine.slice/machine-qemu\\x2d1\\x2dwin11.scope/libvirt/emulator" },
        { "systemd-nspawn", "0::/machine.slice/systemd-nspawn@kubelet.service/payload/init.scope" },
        { "LXC", "0::/lxc.payload.kubepods/user.slice" },
        { "an LXC container of an unhappy name", "0::/lxc/kubepods/init.scope" },
        { "a service of an unhappy name", "0::/system.slice/kubepods-viewer.service" },
        { "a service for kubelets", "0::/system.slice/kubelet-exporter.service" },
        { "a program of an unhappy name", "0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-kubepods.slice/app-kubepods@autostart.service" },
        { "a group that only begins so", $"0::/user.slice/mykubepods-pod{PodInSlice}.slice/session-1.scope" },
        { "podman's service, seen from a container beside it", "0::/../podman.service" },
        { "a folder called pod, seen from a container beside it", "0::/../podcasts/rip" },
        { "a container by the name of a runtime", "0::/system.slice/crio-wiki.scope" },
        { "a folder called k8s.io", "0::/k8s.io/docs" },
    };

    public void Dispose() => _proc.Dispose();

    [Theory]
    [MemberData(nameof(OfTheCluster))]
    public void What_is_of_the_cluster_never_matches(string name, string groups) => Examine(groups).ShouldBeNull(name);

    [Theory]
    [MemberData(nameof(OfTheMachine))]
    public void What_is_of_the_machine_matches(string name, string groups) => Examine(groups).ShouldBe("java", name);

    [Fact]
    public void One_that_has_ended_and_is_nowhere_any_more_is_whosever_its_parent_is()
    {
        // What the kernel says of it in the hierarchies of cgroup v1.
        const string Ended = "12:pids:/\n1:name=systemd:/\n";
        _proc.Put(40, "shim", "", stat: "40 (shim) S 1 0 0 0 -1 0 0", cgroup: "12:pids:/\n1:name=systemd:/system.slice/containerd.service\n");
        _proc.Put(41, "sh", "", stat: "41 (sh) S 1 0 0 0 -1 0 0", cgroup: "12:pids:/\n1:name=systemd:/user.slice/user-1000.slice/session-2.scope\n");
        _proc.Put(42, "sh", "", stat: "42 (sh) Z 40 0 0 0 -1 0 0", cgroup: Ended);
        _proc.Put(7, "java", "", stat: "7 (java) Z 40 0 0 0 -1 0 0", cgroup: Ended);
        _proc.Put(8, "java", "", stat: "8 (java) Z 41 0 0 0 -1 0 0", cgroup: Ended);
        _proc.Put(9, "java", "", stat: "9 (java) Z 42 0 0 0 -1 0 0", cgroup: Ended);
        _proc.Put(10, "java", "", stat: "10 (java) Z 99 0 0 0 -1 0 0", cgroup: Ended);
        _proc.Put(11, "java", "", stat: "11 (java) S 40 0 0 0 -1 0 0", cgroup: Ended);
        _proc.Put(12, "java", "", stat: "12 (java) Z 40 0 0 0 -1 0 0", cgroup: $"0::/system.slice/docker-{Id}.scope\n");

        // The one whose parent is gone may be anybody's. The last two have groups: one lives, of the other v2 remembers.
        int[] found = [.. new[] { 7, 8, 9, 10, 11, 12 }.Where(pid => _proc.Examine(pid, FakeProc.Looking(["java"]), justStarted: true) is not null)];
        found.ShouldBe([8, 11, 12]);
    }

    [Fact]
    public void One_that_goes_while_it_is_looked_at_may_be_anybodys()
    {
        _proc.Put(7, "x", "java\0");
        File.Delete(Path.Combine(_proc.Path, "7", "comm"));
        _proc.Examine(7, FakeProc.Looking(["java"])).ShouldBeNull();
    }

    [Fact]
    public void One_whose_group_the_kernel_can_not_tell_may_be_anybodys()
    {
        _proc.Put(7, "java", "java\0");
        Directory.CreateDirectory(Path.Combine(_proc.Path, "7", "cgroup"));
        _proc.Examine(7, FakeProc.Looking(["java"])).ShouldBeNull();
    }

    [Fact]
    public void Where_there_are_no_control_groups_there_are_no_pods()
    {
        _proc.Put(7, "java", "java\0");
        _proc.Examine(7, FakeProc.Looking(["java"])).ShouldBe("java");
    }

    [Fact]
    public void A_pod_can_not_hide_behind_many_or_long_paths()
    {
        var deep = string.Concat(Enumerable.Repeat("/user.slice", 360));
        var lines = Enumerable.Range(2, 30).Select(i => $"{i}:c{i}:{deep}").Append($"1:name=systemd:/kubepods/pod{Pod}/{Id}");
        Examine(string.Join('\n', lines)).ShouldBeNull();
        Examine($"0::/kubepods/pod{Pod}/{Id}{deep}").ShouldBeNull();
        Examine(string.Join('\n', lines.SkipLast(1))).ShouldBe("java");
    }

    [Fact]
    public void A_program_of_a_pod_costs_no_allocation()
    {
        _proc.Put(7, "java", "java\0", cgroup: $"0::/kubepods/pod{Pod}/{Id}\n");
        using var directory = new ProcessDirectory(_proc.Path);
        var examiner = new ProcessExaminer(directory);
        var config = FakeProc.Looking(["java"]);
        _ = examiner.Examine(7, config, justStarted: true);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
        {
            examiner.Examine(7, config, justStarted: true);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    private string? Examine(string groups)
    {
        _proc.Put(7, "java", "/usr/bin/java\0-jar\0x.jar\0", stat: "7 (java) S 1 0 0 0 -1 4194560 0", cgroup: groups + "\n");
        return _proc.Examine(7, FakeProc.Looking(["java"]));
    }
}

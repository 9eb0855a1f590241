// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Integration.Tests.Conformance;

/// <summary>What people do with kubectl.</summary>
internal static class KubectlSessions
{
    private const string Machine = """
        apiVersion: 5spot.finos.org/v1alpha1
        kind: ScheduledMachine
        metadata:
          name: pc-1
        spec:
          clusterName: office
          schedule:
            daysOfWeek: [mon-fri]
            hoursOfDay: ["9-17"]
          bootstrapSpec:
            apiVersion: bootstrap.cluster.x-k8s.io/v1beta1
            kind: K0sWorkerConfig
            spec: {version: v1.33.1+k0s.0}
          infrastructureSpec:
            apiVersion: infrastructure.cluster.x-k8s.io/v1beta1
            kind: RemoteMachine
            spec: {address: 192.0.2.1, port: 22}
        """;

    private const string Web = """
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: web
        spec:
          replicas: 0
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers: [{name: web, image: nginx}]
        """;

    private static readonly string Status = """{"status":{"phase":"Active","ready":true,"inSchedule":true,"nextTransitionTime":"2026-01-05T18:00:00Z","nodeRef":{"name":"node-1"},"conditions":[{"type":"Ready","status":"True","reason":"MachineReady","message":"It is.","lastTransitionTime":"2026-01-05T09:00:00Z"}]}}""";

    public static readonly IReadOnlyList<KubectlSession> All =
    [
        new("apply",
            Run("apply -f -", Machine),
            Run("apply -f -", Machine),
            Run("apply -f -", Machine.Replace("9-17", "8-17", StringComparison.Ordinal)),
            Run("get sm pc-1 -o jsonpath={.spec.schedule.hoursOfDay}"),
            Run("apply --server-side --field-manager=other -f -", Machine),
            Run("apply --server-side --field-manager=other --force-conflicts -f -", Machine),
            Run("apply --dry-run=server -f -", Machine.Replace("pc-1", "pc-2", StringComparison.Ordinal)),
            Run("get sm pc-2"),
            Run("diff -f -", Machine),
            Run("apply -f -", Machine.Replace("clusterName: office", "clusterName: 7", StringComparison.Ordinal)),
            Run("apply -f -", "kind: Nothing\napiVersion: example.org/v1\nmetadata: {name: a}\n"),
            Run("apply -f -", "kind: [\n"),
            Run("replace -f -", Machine),
            Run("create -f -", Machine),
            Run("delete -f -", Machine),
            Run("delete -f -", Machine)),

        new("get",
            Run("get sm"),
            Run("apply -f -", Machine),
            Run("get sm"),
            Run("get sm -o wide"),
            Run("patch sm pc-1 --subresource=status --type=merge -p", Status),
            Run("get sm"),
            Run("get sm -o wide"),
            Run("get sm pc-1 --no-headers"),
            Run("get scheduledmachines.5spot.finos.org pc-1 -o name"),
            Run("get scheduledmachine/pc-1 -o jsonpath={.status.phase}"),
            Run("get sm -o custom-columns=NAME:.metadata.name,PHASE:.status.phase"),
            Run("get sm pc-1 -o yaml"),
            Run("get sm -o json"),
            Run("get sm -l no=such"),
            Run("get sm -l ="),
            Run("get sm --field-selector metadata.name=pc-1"),
            Run("get sm --field-selector spec.clusterName=x"),
            Run("get sm nobody"),
            Run("get nothing"),
            Run("get sm,machines,configmaps -l app=none"),
            Run("get sm --sort-by .metadata.name --show-labels"),
            Run("api-resources --api-group=5spot.finos.org"),
            Run("api-resources --api-group=coordination.k8s.io")),

        new("describe",
            Run("apply -f -", Machine),
            Run("patch sm pc-1 --subresource=status --type=merge -p", Status),
            Run("describe sm pc-1"),
            Run("describe sm nobody"),
            Run("create configmap settings --from-literal=a=b"),
            Run("describe configmap settings"),
            Run("describe namespace kubectl-describe")),

        new("explain",
            Run("explain sm"),
            Run("explain sm.spec"),
            Run("explain sm.spec.schedule.daysOfWeek"),
            Run("explain sm.spec.killSwitch"),
            Run("explain sm.spec.nothing"),
            Run("explain nothing")),

        new("change",
            Run("apply -f -", Machine),
            new KubectlCommand(["edit", "sm", "pc-1"], Edit: "s/office/cellar/"),
            Run("get sm pc-1 -o jsonpath={.spec.clusterName}"),
            new KubectlCommand(["edit", "sm", "pc-1"], Edit: "s/nothing/at-all/"),
            Run("patch sm pc-1 --type=merge -p", """{"spec":{"killSwitch":true}}"""),
            Run("patch sm pc-1 --type=merge -p", """{"spec":{"killSwitch":true}}"""),
            Run("patch sm pc-1 --type=json -p", """[{"op":"replace","path":"/spec/killSwitch","value":false}]"""),
            Run("patch sm pc-1 --type=json -p", """[{"op":"remove","path":"/spec/nothing"}]"""),
            Run("patch sm pc-1 --type=merge -p", """{"spec":{"priority":"high"}}"""),
            Run("patch sm pc-1 --type=merge -p", """{"spec":{"priority":256}}"""),
            Run("patch sm pc-1 --type=merge -p", "{"),
            Run("patch sm nobody --type=merge -p", "{}"),
            Run("label sm pc-1 owner=ann"),
            Run("label sm pc-1 owner=bob"),
            Run("label sm pc-1 owner=bob --overwrite"),
            Run("label sm pc-1 owner-"),
            Run("annotate sm pc-1 why=because"),
            Run("get sm pc-1 --show-labels")),

        new("scale",
            Run("apply -f -", Web),
            Run("get deployment web -o jsonpath={.spec.replicas}"),
            Run("scale deployment web --replicas=3"),
            Run("scale deployment web --replicas=4 --current-replicas=9"),
            Run("get deployment web -o jsonpath={.spec.replicas}"),
            Run("scale deployment nobody --replicas=1"),
            Run("apply -f -", Machine),
            Run("scale sm pc-1 --replicas=1"),
            Run("set image deployment/web web=nginx:2"),
            Run("delete deployment web --cascade=background")),

        new("delete",
            Run("apply -f -", Machine),
            Run("wait sm pc-1 --for=condition=Ready --timeout=1s"),
            Run("patch sm pc-1 --subresource=status --type=merge -p", Status),
            Run("wait sm pc-1 --for=condition=Ready --timeout=5s"),
            Run("wait sm pc-1 --for=jsonpath={.status.phase}=Active --timeout=5s"),
            Run("patch sm pc-1 --type=merge -p", """{"metadata":{"finalizers":["example.org/hold"]}}"""),
            Run("delete sm pc-1 --wait=false"),
            Run("get sm pc-1 -o jsonpath={.metadata.finalizers}"),
            Run("wait sm pc-1 --for=delete --timeout=1s"),
            Run("patch sm pc-1 --type=merge -p", """{"metadata":{"finalizers":null}}"""),
            Run("wait sm pc-1 --for=delete --timeout=5s"),
            Run("delete sm pc-1"),
            Run("delete sm pc-1 --ignore-not-found"),
            Run("delete sm --all")),

        new("auth",
            Run("auth can-i create sm"),
            Run("auth can-i get sm/pc-1"),
            Run("auth can-i delete machines.cluster.x-k8s.io --subresource=status"),
            Run("auth can-i create nothing"),
            Run("auth can-i get /metrics"),
            Run("auth whoami -o jsonpath={.kind}"),
            Run("cluster-info"),
            Run("get --raw /apis/5spot.finos.org"),
            Run("get --raw /nothing")),

        new("nodes",
            Run("create -f -", """{"apiVersion":"v1","kind":"Node","metadata":{"name":"node-1"}}"""),
            Run("cordon node-1"),
            Run("cordon node-1"),
            Run("get node node-1 -o jsonpath={.spec.unschedulable}"),
            Run("taint node node-1 rented=yes:NoSchedule"),
            Run("taint node node-1 rented=yes:NoSchedule"),
            Run("taint node node-1 rented-"),
            Run("uncordon node-1"),
            Run("drain node-1"),
            Run("uncordon node-1"),
            Run("drain node-9"),
            Run("label node node-1 a=b"),
            Run("delete node node-1")),

        new("core",
            Run("create configmap a --from-literal=k=v"),
            Run("create configmap a --from-literal=k=v"),
            Run("get configmap a"),
            Run("get configmap a -o yaml"),
            Run("create secret generic s --from-literal=k=v"),
            Run("get secret s"),
            Run("create serviceaccount robot"),
            Run("create role reader --verb=get --resource=configmaps"),
            Run("create rolebinding reader --role=reader --serviceaccount=kubectl-core:robot"),
            Run("get role,rolebinding reader -o name"),
            Run("create poddisruptionbudget web --selector=app=web --min-available=1"),
            Run("get lease"),
            Run("get events"),
            Run("create namespace kubectl-core"),
            Run("delete configmap a b")),
    ];

    // The last argument may be anything; the rest has no blanks in it.
    private static KubectlCommand Run(string command, string? last = null) => command.EndsWith(" -p", StringComparison.Ordinal)
        ? new KubectlCommand([.. command.Split(' '), last!])
        : new KubectlCommand(command.Split(' '), last ?? "");
}

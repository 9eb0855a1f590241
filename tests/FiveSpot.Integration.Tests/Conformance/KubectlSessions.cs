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

    private const string Agent = """
        apiVersion: apps/v1
        kind: DaemonSet
        metadata:
          name: agent
        spec:
          selector: {matchLabels: {app: agent}}
          template:
            metadata: {labels: {app: agent}}
            spec:
              containers: [{name: agent, image: agent}]
        """;

    private const string Worker = """
        apiVersion: v1
        kind: Pod
        metadata:
          name: worker
          labels: {app: web}
        spec:
          nodeName: node-1
          containers: [{name: web, image: nginx}]
        """;

    private static readonly string Status = """{"status":{"phase":"Active","ready":true,"inSchedule":true,"schedule":"mon-fri 9-17 UTC","nextTransitionTime":"2026-01-05T18:00:00Z","nodeRef":{"apiVersion":"v1","kind":"Node","name":"node-1"},"conditions":[{"type":"Ready","status":"True","reason":"MachineReady","message":"It is.","lastTransitionTime":"2026-01-05T09:00:00Z"}]}}""";

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
            Run("diff -f -", Machine.Replace("9-17", "7-17", StringComparison.Ordinal)),
            Run("apply -f -", Machine.Replace("clusterName: office", "clusterName: 7", StringComparison.Ordinal)).DiffersFromOlder("no-rules", "errors"),
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
            Run("get sm,configmap -o name"),
            Run("get sm pc-1 -o go-template={{.spec.clusterName}}"),
            Run("get events --for sm/pc-1"),
            Run("get sm -l no=such"),
            Run("get sm -A --field-selector metadata.namespace=kubectl-get"),
            Run("get sm -l ="),
            Run("get sm -l a=b=c"),
            Run("get sm -l a,"),
            Run("get sm -l a!").DiffersFromOlder("older-text", "errors"),
            Run("get sm -l a/=b").DiffersFromOlder("older-text", "errors"),
            Run("get sm -l a=-").DiffersFromOlder("older-text", "errors"),
            Run("get sm -l a>b").DiffersFromOlder("older-text", "errors"),
            new KubectlCommand(["get", "sm", "-l", "a in b"]),
            new KubectlCommand(["get", "sm", "-l", "a in ()"]),
            new KubectlCommand(["get", "sm", "-l", "a notin (b,c),!d"]),
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
            Run("describe namespace kubectl-describe").DiffersFromOlder("namespace-label", "output"),
            Run("get resourcequotas,limitranges"),
            Run("create -f -", """{"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"most"},"spec":{"hard":{"pods":"2","limits.cpu":"1"}}}"""),
            Run("patch quota most --subresource=status --type=merge -p", """{"status":{"hard":{"pods":"2","limits.cpu":"1"},"used":{"pods":"1","limits.cpu":"0"}}}"""),
            Run("get quota").DiffersFromOlder("quota-columns", "output"),
            Run("create -f -", """{"apiVersion":"v1","kind":"LimitRange","metadata":{"name":"each"},"spec":{"limits":[{"type":"Pod","max":{"cpu":"2"}}]}}"""),
            Run("get limits"),
            Run("describe namespace kubectl-describe").DiffersFromOlder("namespace-label", "output")),

        new("explain",
            Run("explain sm").From(OpenApi3),
            Run("explain sm.spec").From(OpenApi3),
            Run("explain sm.spec.schedule.daysOfWeek").From(OpenApi3),
            Run("explain sm.spec.killSwitch").From(OpenApi3),
            Run("explain sm.spec.nothing").From(OpenApi3),
            Run("explain sm --recursive").From(OpenApi3),
            Run("explain sm.status").From(OpenApi3),
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
            Run("patch sm pc-1 --type=merge -p", """{"spec":{"priority":"high"}}""").DiffersFromOlder("no-rules", "errors"),
            Run("patch sm pc-1 --type=merge -p", """{"spec":{"priority":256}}"""),
            Run("patch sm pc-1 --type=merge -p", "{").DiffersFromOlder("older-text", "errors"),
            Run("patch sm pc-1 --type=merge -p", """{"spec":x}""").DiffersFromOlder("older-text", "errors"),
            Run("patch sm nobody --type=merge -p", "{}"),
            Run("label sm pc-1 owner=ann"),
            Run("label sm pc-1 owner=bob"),
            Run("label sm pc-1 owner=bob --overwrite"),
            Run("label sm pc-1 owner-"),
            Run("annotate sm pc-1 why=because"),
            Run("annotate sm pc-1 why=because --dry-run=client -o name"),
            Run("create -f - --save-config", Machine.Replace("pc-1", "pc-3", StringComparison.Ordinal)),
            Run("replace --force -f -", Machine.Replace("pc-1", "pc-3", StringComparison.Ordinal)),
            Run("apply -f - --prune -l owner=nobody", Machine),
            Run("get sm pc-1 --show-labels")),

        new("scale",
            Run("apply -f -", Web),
            Run("get deployment web -o jsonpath={.spec.replicas}"),
            Run("scale deployment web --replicas=3"),
            Run("scale deployment web --replicas=4 --current-replicas=9"),
            Run("get deployment web -o jsonpath={.spec.replicas}"),
            Run("scale deployment nobody --replicas=1"),
            Run("apply -f -", Agent),
            Run("rollout status daemonset agent --timeout=1s"),
            Run("patch daemonset agent --subresource=status --type=merge -p", """{"status":{"observedGeneration":1,"desiredNumberScheduled":2,"updatedNumberScheduled":2,"numberAvailable":2,"numberReady":2,"currentNumberScheduled":2,"numberMisscheduled":0}}"""),
            Run("rollout status daemonset agent --timeout=5s"),
            Run("get daemonset agent"),
            Run("apply -f -", Machine),
            Run("scale sm pc-1 --replicas=1"),
            Run("set image deployment/web web=nginx:2"),
            Run("delete deployment web --cascade=background")),

        new("delete",
            Run("apply -f -", Machine),
            Run("wait sm pc-1 --for=create --timeout=5s"),
            Run("wait sm nobody --for=create --timeout=1s"),
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
            Run("auth whoami -o jsonpath={.kind}").From(SelfSubjectReview),
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

        new("drain",
            // Admission adds the taint of a new node on a real server, as long as its kubelet has not reported.
            Run("create -f -", """{"apiVersion":"v1","kind":"Node","metadata":{"name":"node-1"},"spec":{"taints":[{"key":"node.kubernetes.io/not-ready","effect":"NoSchedule"}]}}"""),
            Run("apply -f -", Worker),
            Run("patch pod worker --subresource=status --type=merge -p", """{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}"""),
            Run("drain node-1"),
            Run("drain node-1 --dry-run=server --force"),
            Run("describe node node-1"),
            Run("get pod worker -o wide"),
            Run("create poddisruptionbudget web --selector=app=web --min-available=1").From(PolicyV1),
            Run("wait pdb web --for=jsonpath={.status.currentHealthy}=1 --timeout=10s").From(PolicyV1),
            Run("get pdb web").From(PolicyV1),
            Run("drain node-1 --force --grace-period=0 --timeout=2s").From(PolicyV1),
            Run("delete pdb web").From(PolicyV1),
            Run("drain node-1 --force --grace-period=0 --timeout=20s"),
            Run("get pod worker"),
            Run("get node node-1 --no-headers"),
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
            Run("create rolebinding viewers --clusterrole=view --user=ann --group=staff"),
            Run("get rolebinding viewers -o jsonpath={.roleRef}{.subjects}"),
            Run("get role reader -o jsonpath={.rules}"),
            Run("create clusterrole kubectl-core --verb=get,list --resource=pods,deployments.apps --non-resource-url=/metrics"),
            Run("create clusterrole kubectl-core-all --aggregation-rule=a=b"),
            Run("create clusterrolebinding kubectl-core --clusterrole=kubectl-core --user=ann"),
            Run("get clusterrole,clusterrolebinding kubectl-core -o jsonpath={.items[*].rules}{.items[*].subjects}"),
            Run("get clusterrole kubectl-core-all -o jsonpath={.aggregationRule}"),
            Run("delete clusterrole,clusterrolebinding kubectl-core"),
            Run("delete clusterrole kubectl-core-all"),
            Run("get lease"),
            Run("get events"),
            Run("create poddisruptionbudget web --selector=app=web --min-available=1").From(PolicyV1),
            new KubectlCommand(["create", "poddisruptionbudget", "other", "--selector=app in (b,c),!d", "--min-available=2"], Since: PolicyV1),
            Run("create poddisruptionbudget half --selector=app=half --max-unavailable=50%").From(PolicyV1),
            Run("get pdb -o jsonpath={.items[*].spec}").From(PolicyV1),
            Run("create namespace kubectl-core"),
            Run("patch configmap a -p", "{").DiffersFromOlder("older-text", "errors"),
            Run("patch configmap a --type=json -p", "{}").DiffersFromOlder("older-text", "errors"),
            Run("patch configmap a --type=json -p", "["),
            Run("delete configmap a b")),
    ];

    // The minor version that a server must have.
    private const int PolicyV1 = 21;
    private const int OpenApi3 = 27;
    private const int SelfSubjectReview = 28;

    // The last argument may be anything; the rest has no blanks in it.
    private static KubectlCommand Run(string command, string? last = null) => command.EndsWith(" -p", StringComparison.Ordinal)
        ? new KubectlCommand([.. command.Split(' '), last!])
        : new KubectlCommand(command.Split(' '), last ?? "");
}

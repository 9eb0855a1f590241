// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

using static FiveSpot.Simulation.DefinitionSchema;

namespace FiveSpot.Simulation;

/// <summary>What the objects of k0smotron may say, and what providers report by either contract of Cluster API.</summary>
internal static class ProviderSchemas
{
    public static JsonObject RemoteMachine() => Object(
        ("address", Text()),
        ("port", new JsonObject { ["type"] = "integer" }.Defaulting(22)),
        ("user", Text().Defaulting("root")),
        ("sshKeyRef", Object(("name", Text())).Requiring("name")),
        ("pool", Text()),
        ("provisionJob", Anything()),
        ("providerID", Text()),
        ("useSudo", Flag()),
        ("commandsAsScript", Flag().Defaulting(false)),
        ("workingDir", Text().Defaulting("/etc/k0smotron")),
        ("customCleanUpCommands", List(Text())));

    public static JsonObject K0sWorkerConfig() => Object(
        ("version", Text()),
        ("args", List(Text())),
        ("preStartCommands", List(Text())),
        ("postStartCommands", List(Text())),
        ("preInstalledK0s", Flag()),
        ("downloadURL", Text()),
        ("k0sInstallDir", Text().Defaulting("/usr/local/bin")),
        ("useSystemHostname", Flag().Defaulting(false)),
        ("workingDir", Text()),
        ("files", List(Object(
            ("path", Text()), ("permissions", Text()), ("content", Text()), ("contentFrom", Object(("secretRef", KeyReference()), ("configMapRef", KeyReference())))))),
        ("customUserDataRef", Object(("secretRef", KeyReference()), ("configMapRef", KeyReference()))),
        ("ignition", Object(("variant", Text()), ("version", Text()), ("additionalConfig", Text())).Requiring("variant", "version")),
        ("secretMetadata", Object(("labels", TextMap()), ("annotations", TextMap()))));

    public static JsonObject BootstrapStatus() => Object(
        ("ready", Flag()), ("dataSecretName", Text()), ("initialization", Object(("dataSecretCreated", Flag()))), ("conditions", Conditions()));

    public static JsonObject InfrastructureStatus() => Object(
        ("ready", Flag()),
        ("initialization", Object(("provisioned", Flag()))),
        ("addresses", Addresses()),
        ("failureReason", Text()),
        ("failureMessage", Text()),
        ("conditions", Conditions()));

    private static JsonObject KeyReference() => Object(("name", Text()), ("key", Text())).Requiring("name", "key");
}

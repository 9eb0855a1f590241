// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace FiveSpot.Kubernetes;

/// <summary>One kubeconfig, or several of which the first that has an entry wins, as with <c>kubectl</c>.</summary>
internal sealed class Kubeconfig
{
    private const int MaxBytes = 1 << 20;

    // A kubeconfig is six levels deep. The tree is built by recursion: a deeper one must not reach it.
    private const int MaxDepth = 32;

    private static readonly string[] RefusedWhenUntrusted =
        ["exec", "auth-provider", "certificate-authority", "client-certificate", "client-key", "tokenFile"];

    private static readonly string[] Impersonation = ["as", "as-uid", "as-groups", "as-user-extra"];

    private readonly List<(YamlMappingNode Root, string? Directory)> _documents = [];
    private readonly string _source;

    private Kubeconfig(string source) => _source = source;

    public static Kubeconfig Load(IReadOnlyList<string> paths)
    {
        var config = new Kubeconfig($"kubeconfig {string.Join(Path.PathSeparator, paths)}");
        foreach (var path in paths)
        {
            // As kubectl: of several files some may be missing, a single one may not.
            if (paths.Count > 1 && !File.Exists(path))
            {
                continue;
            }

            try
            {
                config._documents.Add((
                    config.Parse(File.ReadAllBytes(path)), Path.GetDirectoryName(Path.GetFullPath(path))));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw config.Unusable($"{path} can't be read: {e.Message.TrimEnd('.')}", e);
            }
        }

        return config._documents.Count > 0 ? config : throw config.Unusable("none of these files exists");
    }

    public static Kubeconfig ParseUntrusted(ReadOnlySpan<byte> utf8Yaml, string source)
    {
        var config = new Kubeconfig($"kubeconfig of {source}");
        var root = config.Parse(utf8Yaml);
        config.RefuseFilesAndPrograms(root);
        config._documents.Add((root, null));
        return config;
    }

    public ClusterConnection ToConnection()
    {
        var contextName = CurrentContext();
        var (context, _) = Entry("contexts", "context", contextName);
        var clusterName = Text(context, "cluster") ?? throw Unusable($"context '{contextName}' names no cluster");
        var (cluster, clusterDirectory) = Entry("clusters", "cluster", clusterName);
        var (user, userDirectory) = Text(context, "user") is { } userName
            ? Entry("users", "user", userName)
            : (new YamlMappingNode(), null);

        foreach (var field in Impersonation)
        {
            if (user.Children.ContainsKey(field))
            {
                throw Unusable($"impersonation (field '{field}') is not supported");
            }
        }

        return new ClusterConnection(Address(cluster, "server") ?? throw Unusable($"cluster '{clusterName}' names no server"), _source)
        {
            Namespace = Text(context, "namespace"),
            TlsServerName = Text(cluster, "tls-server-name"),
            SkipTlsVerification = Flag(cluster, "insecure-skip-tls-verify"),
            Proxy = Address(cluster, "proxy-url"),
            CertificateAuthorities = Certificates(
                Pem(cluster, "certificate-authority-data", "certificate-authority", clusterDirectory),
                "certificate authority"),
            ClientCertificates = ClientCertificates(user, userDirectory),
            CreateCredentials = CredentialsOf(user, userDirectory, cluster),
        };
    }

    private Func<TimeProvider, Credentials>? CredentialsOf(
        YamlMappingNode user, string? directory, YamlMappingNode cluster)
    {
        // kubectl prefers the file to a token that stands beside it.
        if (Text(user, "tokenFile") is { } tokenFile)
        {
            var path = Path.Combine(directory ?? "", tokenFile);
            return time => new FileCredentials(path, time);
        }

        if (Text(user, "token") is { } token)
        {
            return _ => new FixedCredentials("Bearer", token);
        }

        if (Text(user, "username") is { } name)
        {
            var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{Text(user, "password")}"));
            return _ => new FixedCredentials("Basic", basic);
        }

        if (user.Children.ContainsKey("auth-provider"))
        {
            throw Unusable("auth-provider plugins are not supported; use an exec plugin or a token");
        }

        return Map(user, "exec") is { } exec ? ExecOf(exec, directory, cluster) : null;
    }

    private Func<TimeProvider, Credentials> ExecOf(YamlMappingNode exec, string? directory, YamlMappingNode cluster)
    {
        var command = Text(exec, "command") ?? throw Unusable("exec names no command");
        if (command.Contains('/'))
        {
            command = Path.Combine(directory ?? "", command);
        }

        var arguments = Items(exec, "args").OfType<YamlScalarNode>().Select(a => a.Value ?? "").ToArray();
        var variables = Items(exec, "env").OfType<YamlMappingNode>()
            .Select(e => (Name: Text(e, "name") ?? "", Value: Text(e, "value") ?? ""))
            .Where(e => e.Name.Length > 0).ToArray();
        var plugin = new ExecPlugin(
            command,
            arguments,
            variables,
            Text(exec, "apiVersion") ?? "client.authentication.k8s.io/v1",
            Flag(exec, "provideClusterInfo") ? Text(cluster, "server") : null,
            Flag(exec, "provideClusterInfo") ? Text(cluster, "certificate-authority-data") : null);
        return time => new ExecCredentials(plugin, time);
    }

    private X509Certificate2Collection? ClientCertificates(YamlMappingNode user, string? directory)
    {
        var certificate = Pem(user, "client-certificate-data", "client-certificate", directory);
        var key = Pem(user, "client-key-data", "client-key", directory);
        if (certificate is null && key is null)
        {
            return null;
        }

        if (certificate is null || key is null)
        {
            throw Unusable("a client certificate needs both a certificate and a key");
        }

        try
        {
            var chain = Certificates(certificate, "client certificate")!;
            var own = X509Certificate2.CreateFromPem(certificate, key);
            chain[0].Dispose();
            chain[0] = own;
            return chain;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw Unusable($"the client certificate and its key don't make a pair: {e.Message}", e);
        }
    }

    private X509Certificate2Collection? Certificates(string? pem, string what)
    {
        if (pem is null)
        {
            return null;
        }

        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(pem);
        }
        catch (CryptographicException e)
        {
            throw Unusable($"the {what} is broken: {e.Message}", e);
        }

        return certificates.Count > 0 ? certificates : throw Unusable($"the {what} holds no certificate in PEM form");
    }

    private string? Pem(YamlMappingNode node, string dataField, string fileField, string? directory)
    {
        try
        {
            if (Text(node, dataField) is { } data)
            {
                return Encoding.UTF8.GetString(Convert.FromBase64String(data));
            }

            return Text(node, fileField) is { } file ? File.ReadAllText(Path.Combine(directory ?? "", file)) : null;
        }
        catch (FormatException e)
        {
            throw Unusable($"{dataField} is not base64", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable($"{fileField} can't be read: {e.Message.TrimEnd('.')}", e);
        }
    }

    private Uri? Address(YamlMappingNode node, string field)
    {
        if (Text(node, field) is not { } text)
        {
            return null;
        }

        return Uri.TryCreate(text, UriKind.Absolute, out var uri)
            && (uri.Scheme is "https" or "http" || (field == "proxy-url" && uri.Scheme == "socks5"))
            ? uri
            : throw Unusable($"{field} '{text}' is not an http or https address");
    }

    private string CurrentContext()
    {
        foreach (var (root, _) in _documents)
        {
            if (Text(root, "current-context") is { } name)
            {
                return name;
            }
        }

        throw Unusable("current-context is not set");
    }

    private (YamlMappingNode Value, string? Directory) Entry(string list, string field, string name)
    {
        foreach (var (root, directory) in _documents)
        {
            foreach (var item in Items(root, list))
            {
                if (item is YamlMappingNode entry && Text(entry, "name") == name)
                {
                    return (Map(entry, field) ?? new YamlMappingNode(), directory);
                }
            }
        }

        throw Unusable($"'{name}' is not among its {list}");
    }

    private void RefuseFilesAndPrograms(YamlMappingNode root)
    {
        // Wherever such a field stands: an exotic document must not get by because it was read in another way.
        foreach (var node in root.AllNodes)
        {
            if (node is not YamlMappingNode map)
            {
                continue;
            }

            foreach (var key in map.Children.Keys)
            {
                if (key is YamlScalarNode { Value: { } field }
                    && RefusedWhenUntrusted.Contains(field, StringComparer.OrdinalIgnoreCase))
                {
                    throw Unusable(
                        $"field '{field}' is refused: credentials must be in the kubeconfig itself, not in a file or a program");
                }
            }
        }
    }

    private YamlMappingNode Parse(ReadOnlySpan<byte> utf8Yaml)
    {
        if (utf8Yaml.Length > MaxBytes)
        {
            throw Unusable($"it is larger than {MaxBytes} bytes");
        }

        var text = Encoding.UTF8.GetString(utf8Yaml);
        try
        {
            var parser = new Parser(new StringReader(text));
            for (var depth = 0; parser.MoveNext();)
            {
                depth += parser.Current!.NestingIncrease;
                if (depth > MaxDepth || parser.Current is YamlDotNet.Core.Events.AnchorAlias)
                {
                    throw Unusable("it is nested too deep, or uses YAML aliases");
                }
            }

            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            return stream.Documents.Count == 1 && stream.Documents[0].RootNode is YamlMappingNode root
                ? root
                : throw Unusable("it is not one YAML mapping");
        }
        catch (YamlException e)
        {
            throw Unusable(string.Create(CultureInfo.InvariantCulture, $"line {e.Start.Line}: {e.Message}"), e);
        }
    }

    private ClusterConnectionException Unusable(string why, Exception? cause = null) =>
        new($"The {_source} can't be used: {why}.", cause);

    private static string? Text(YamlMappingNode node, string field) =>
        node.Children.TryGetValue(field, out var value) && value is YamlScalarNode { Value: { Length: > 0 } text }
            ? text
            : null;

    private static bool Flag(YamlMappingNode node, string field) =>
        string.Equals(Text(node, field), "true", StringComparison.OrdinalIgnoreCase);

    private static YamlMappingNode? Map(YamlMappingNode node, string field) =>
        node.Children.TryGetValue(field, out var value) ? value as YamlMappingNode : null;

    private static IEnumerable<YamlNode> Items(YamlMappingNode node, string field) =>
        node.Children.TryGetValue(field, out var value) && value is YamlSequenceNode items ? items.Children : [];
}

// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace FiveSpot.Kubernetes;

/// <summary>One kubeconfig, or several of which the first that has an entry wins, as with <c>kubectl</c>.</summary>
internal sealed class Kubeconfig
{
    private const int MaxBytes = 1 << 20;

    // A kubeconfig is six levels deep. The tree is built by recursion: a deeper one must not reach it.
    private const int MaxDepth = 32;

    // A context with its cluster and user is about thirty. A megabyte of the smallest ones would be hundreds in memory.
    private const int MaxNodes = 20_000;

    // The public authorities of the world are about 150.
    private const int MaxCertificates = 256;

    // An RSA key of 8192 bits has 6,400 characters. The work to check one grows with the square of its length, and more.
    private const int MaxKeyCharacters = 8192;

    // What servers take as a header, all of them.
    private const int MaxTokenCharacters = 16 << 10;

    private const int MaxAddressCharacters = 2048;
    private const int Excerpt = 100;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly string[] RefusedWhenUntrusted =
        ["exec", "auth-provider", "certificate-authority", "client-certificate", "client-key", "tokenFile"];

    private static readonly string[] Impersonation = ["as", "as-uid", "as-groups", "as-user-extra"];

    private readonly List<(YamlMappingNode Root, string? Directory)> _documents = [];
    private readonly string _source;

    // Null for one that is trusted.
    private readonly KubeconfigPolicy? _policy;

    private Kubeconfig(string source, KubeconfigPolicy? policy = null)
    {
        _source = source;
        _policy = policy;
    }

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

    public static Kubeconfig ParseUntrusted(ReadOnlySpan<byte> utf8Yaml, string source, KubeconfigPolicy policy)
    {
        var config = new Kubeconfig($"kubeconfig of {source}", policy);
        var root = config.Parse(utf8Yaml);
        config.RefuseFields(root, policy);
        config._documents.Add((root, null));
        return config;
    }

    public ClusterConnection ToConnection()
    {
        var contextName = CurrentContext();
        var (context, _) = Entry("contexts", "context", contextName, "its current context");
        var clusterName = Text(context, "cluster") ?? throw Unusable($"{Named("its current context", contextName)} names no cluster");
        var (cluster, clusterDirectory) = Entry("clusters", "cluster", clusterName, "the cluster of its current context");
        var (user, userDirectory) = Text(context, "user") is { } userName
            ? Entry("users", "user", userName, "the user of its current context")
            : (new YamlMappingNode(), null);

        foreach (var field in Impersonation)
        {
            if (user.Children.ContainsKey(field))
            {
                throw Unusable($"impersonation (field '{field}') is not supported");
            }
        }

        return new ClusterConnection(Server(cluster) ?? throw Unusable($"{Named("the cluster of its current context", clusterName)} names no server"), _source)
        {
            IsUntrusted = _policy is not null,
            OwnServer = _policy is { AllowOwnAddresses: false } ? _policy.OwnServer : null,
            Namespace = Text(context, "namespace"),
            TlsServerName = TlsServerName(cluster),
            SkipTlsVerification = Flag(cluster, KubeconfigPolicy.InsecureSkipTlsVerify),
            Proxy = Address(cluster, KubeconfigPolicy.ProxyUrl),
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
            RefuseAsHeader(token, "token");
            return _ => new FixedCredentials("Bearer", token);
        }

        if (Text(user, "username") is { } name)
        {
            var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{Text(user, "password")}"));
            RefuseAsHeader(basic, "username and password");
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

        if (key.Length > MaxKeyCharacters)
        {
            throw Unusable($"the client key is longer than {MaxKeyCharacters} characters, in which an RSA key of 8192 bits has room");
        }

        var chain = Certificates(certificate, "client certificate")!;
        try
        {
            var own = X509Certificate2.CreateFromPem(certificate, key);
            chain[0].Dispose();
            chain[0] = own;
            return chain;
        }
        catch (Exception e) when (IsCausedByTheInput(e))
        {
            throw Unusable($"the client certificate and its key don't make a pair: {Quoted(e)}", e);
        }
    }

    private X509Certificate2Collection? Certificates(string? pem, string what)
    {
        if (pem is null)
        {
            return null;
        }

        // The platform looks for the end of each from its beginning on: with thousands of beginnings that takes seconds.
        if (pem.AsSpan().Count("-----BEGIN ") > MaxCertificates)
        {
            throw Unusable($"the {what} holds more than {MaxCertificates} certificates");
        }

        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(pem);
        }
        catch (Exception e) when (IsCausedByTheInput(e))
        {
            throw Unusable($"the {what} is broken: {Quoted(e)}", e);
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
            throw Unusable($"{dataField} is not base64 (of the PEM form, as 'base64 -w0' gives it)", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable($"{fileField} can't be read: {e.Message.TrimEnd('.')}", e);
        }
    }

    private Uri? Server(YamlMappingNode cluster)
    {
        if (Address(cluster, "server") is not { } server)
        {
            return null;
        }

        // What stands behind '?' or '#' would swallow the path of each request: the author could ask for any other path.
        if (server.Query.Length > 0 || server.Fragment.Length > 0 || server.UserInfo.Length > 0)
        {
            throw Unusable(
                $"{Named("server", server.OriginalString)} is more than an address: allowed is https://host, with a port and a path if need be, and without a user, '?' or '#'");
        }

        if (_policy is { AllowInsecureSkipTlsVerify: false } && server.Scheme != Uri.UriSchemeHttps)
        {
            throw Unusable(
                $"{Named("server", server.OriginalString)} is refused: over http the credentials would be sent in clear, to whoever answers; allowed is https, or the operator starts the controller with {KubeconfigPolicy.FlagFor(KubeconfigPolicy.InsecureSkipTlsVerify)}");
        }

        if (_policy is null)
        {
            return server;
        }

        var isAddress = IPAddress.TryParse(server.DnsSafeHost, out var address);
        if (isAddress && MetadataAddresses.Contains(address!))
        {
            throw Unusable("server is refused: no API server is at a link-local or metadata address");
        }

        return _policy is { AllowOwnAddresses: false, OwnServer: { } own }
            && (OwnAddresses.IsLoopback(server.DnsSafeHost) || (isAddress && OwnAddresses.IsLoopback(address!)) || OwnAddresses.IsHostOf(server.DnsSafeHost, own))
            ? throw Unusable($"server leads to {KubeconfigPolicy.OwnAddressesRefused}")
            : server;
    }

    private Uri? Address(YamlMappingNode node, string field)
    {
        if (Text(node, field) is not { } text)
        {
            return null;
        }

        return text.Length <= MaxAddressCharacters && Uri.TryCreate(text, UriKind.Absolute, out var uri)
            && (uri.Scheme is "https" or "http" || (field == KubeconfigPolicy.ProxyUrl && uri.Scheme == "socks5"))
            && uri.Port is > 0 and <= ushort.MaxValue && IsHost(uri)
            ? uri
            : throw Unusable($"{Named(field, text)} is not an http or https address, such as https://192.0.2.1:6443");
    }

    private static bool IsHost(Uri uri)
    {
        try
        {
            return uri.IdnHost.Length <= 253 && Uri.CheckHostName(uri.IdnHost) != UriHostNameType.Unknown;
        }
        catch (UriFormatException)
        {
            return false; // A name that can't be written in the letters of DNS.
        }
    }

    // It becomes a header too.
    private string? TlsServerName(YamlMappingNode cluster) => Text(cluster, "tls-server-name") switch
    {
        null => null,
        { Length: <= 253 } name when Uri.CheckHostName(name) is UriHostNameType.Dns or UriHostNameType.IPv4 && Ascii.IsValid(name) => name,
        var other => throw Unusable($"{Named("tls-server-name", other)} is not a host name"),
    };

    // A line break would end the header, and begin another one that the author chooses.
    private void RefuseAsHeader(string value, string what)
    {
        if (value.Length > MaxTokenCharacters)
        {
            throw Unusable($"{what} is longer than {MaxTokenCharacters} characters");
        }

        if (value.AsSpan().IndexOfAnyExceptInRange('!', '~') is >= 0 and var at)
        {
            throw Unusable(
                string.Create(CultureInfo.InvariantCulture, $"{what} has a character at position {at + 1} that no credentials have: allowed are printable ASCII characters, without spaces or line breaks"));
        }
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

    private (YamlMappingNode Value, string? Directory) Entry(string list, string field, string name, string what)
    {
        foreach (var (root, directory) in _documents)
        {
            YamlMappingNode? found = null;
            foreach (var item in Items(root, list))
            {
                if (item is YamlMappingNode entry && Text(entry, "name") == name)
                {
                    found = found is null ? entry : throw Unusable($"{Named(what, name)} is among its {list} twice");
                }
            }

            if (found is not null)
            {
                return (Map(found, field) ?? new YamlMappingNode(), directory);
            }
        }

        throw Unusable($"{Named(what, name)} is not among its {list}");
    }

    // Wherever such a field stands: an exotic document must not get by because it was read in another way.
    private void RefuseFields(YamlMappingNode root, KubeconfigPolicy policy)
    {
        foreach (var node in root.AllNodes)
        {
            if (node is not YamlMappingNode map)
            {
                continue;
            }

            foreach (var (key, value) in map.Children)
            {
                if (key is YamlScalarNode { Value: { } field })
                {
                    Refuse(field, value, policy);
                }
            }
        }
    }

    private void Refuse(string field, YamlNode value, KubeconfigPolicy policy)
    {
        if (Array.Find(RefusedWhenUntrusted, name => Is(field, name)) is { } refused)
        {
            throw Unusable(
                $"field '{refused}' is refused: credentials must be in the kubeconfig itself, not in a file or a program");
        }

        if (!policy.AllowProxyUrl && Is(field, KubeconfigPolicy.ProxyUrl))
        {
            throw Unusable(
                $"field '{KubeconfigPolicy.ProxyUrl}' is refused: the server must be reached without a proxy of the kubeconfig's own, or the operator starts the controller with {KubeconfigPolicy.FlagFor(KubeconfigPolicy.ProxyUrl)}");
        }

        // Some programs write it out although it is false.
        if (!policy.AllowInsecureSkipTlsVerify && Is(field, KubeconfigPolicy.InsecureSkipTlsVerify)
            && value is not YamlScalarNode { Value: "false" })
        {
            throw Unusable(
                $"field '{KubeconfigPolicy.InsecureSkipTlsVerify}' is refused: the server's certificate must be checked (certificate-authority-data says by what), or the operator starts the controller with {KubeconfigPolicy.FlagFor(KubeconfigPolicy.InsecureSkipTlsVerify)}");
        }

        static bool Is(string field, string name) => field.Equals(name, StringComparison.OrdinalIgnoreCase);
    }

    private YamlMappingNode Parse(ReadOnlySpan<byte> utf8Yaml)
    {
        var text = Decode(utf8Yaml);
        try
        {
            Measure(text);
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            return stream.Documents.Count == 1 && stream.Documents[0].RootNode is YamlMappingNode root
                ? root
                : throw Unusable("it is not one YAML mapping");
        }
        catch (YamlException e)
        {
            throw Unusable(string.Create(CultureInfo.InvariantCulture, $"line {e.Start.Line}{(_policy is null ? $": {Quoted(e)}" : " is not YAML")}"), e);
        }
        catch (Exception e) when (IsCausedByTheInput(e))
        {
            throw Unusable(_policy is null ? $"it is not YAML: {Quoted(e)}" : "it is not YAML", e);
        }
    }

    private string Decode(ReadOnlySpan<byte> utf8Yaml)
    {
        if (utf8Yaml.Length > MaxBytes)
        {
            throw Unusable($"it is larger than {MaxBytes} bytes");
        }

        if (utf8Yaml.StartsWith(Encoding.UTF8.Preamble))
        {
            utf8Yaml = utf8Yaml[Encoding.UTF8.Preamble.Length..];
        }

        string text;
        try
        {
            text = StrictUtf8.GetString(utf8Yaml);
        }
        catch (DecoderFallbackException e)
        {
            throw Unusable($"it is not text in UTF-8, from byte {e.Index + 1} on", e);
        }

        // The parser takes some of these for the end of the text: what is behind them would not be looked at.
        foreach (var c in text)
        {
            if (char.IsControl(c) && c is not ('\t' or '\n' or '\r'))
            {
                throw Unusable(string.Create(CultureInfo.InvariantCulture, $"it is not text: it has a control character (U+{(int)c:X4})"));
            }
        }

        return text;
    }

    // Token by token, with nothing kept, before the whole is built in memory.
    private void Measure(string text)
    {
        var parser = new Parser(new StringReader(text));
        var (depth, nodes) = (0, 0);
        while (parser.MoveNext())
        {
            var current = parser.Current!;
            depth += current.NestingIncrease;
            if (depth > MaxDepth)
            {
                throw Unusable($"it is nested more than {MaxDepth} levels deep; a kubeconfig is six");
            }

            if (current is AnchorAlias)
            {
                throw Unusable("it uses a YAML alias ('*'): allowed is plain YAML, in which everything is written out");
            }

            if (current is NodeEvent && ++nodes > MaxNodes && _policy is not null)
            {
                throw Unusable($"it has more than {MaxNodes} YAML nodes: one context, with its cluster and user, is enough");
            }
        }
    }

    // Both the parser and the platform's readers of keys may fail in ways of their own at what a stranger made up.
    private static bool IsCausedByTheInput(Exception e) => e is not (ClusterConnectionException or OutOfMemoryException);

    private ClusterConnectionException Unusable(string why, Exception? cause = null) =>
        new($"The {_source} can't be used: {why}.", cause);

    // What it says of itself is for those to read who may read it: a message may reach others.
    private string Named(string what, string text) => _policy is null ? $"{what} {Quote(text)}" : what;

    private static string Quote(string text) => $"'{ForeignText.Line(text, Excerpt)}'";

    private static string Quoted(Exception e) => ForeignText.Line(e.Message, 2 * Excerpt).TrimEnd('.');

    private static string? Text(YamlMappingNode node, string field) =>
        node.Children.TryGetValue(field, out var value) && value is YamlScalarNode { Value: { Length: > 0 } text } scalar
            && !(scalar.Style == ScalarStyle.Plain && text is "null" or "~")
            ? text
            : null;

    private static bool Flag(YamlMappingNode node, string field) =>
        string.Equals(Text(node, field), "true", StringComparison.OrdinalIgnoreCase);

    private static YamlMappingNode? Map(YamlMappingNode node, string field) =>
        node.Children.TryGetValue(field, out var value) ? value as YamlMappingNode : null;

    private static IEnumerable<YamlNode> Items(YamlMappingNode node, string field) =>
        node.Children.TryGetValue(field, out var value) && value is YamlSequenceNode items ? items.Children : [];
}

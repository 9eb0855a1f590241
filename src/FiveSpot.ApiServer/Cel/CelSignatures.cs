// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Cel;

/// <summary>The signatures of the operators and functions that Kubernetes offers.</summary>
internal static class CelSignatures
{
    /// <summary>One line an overload group: <c>[target.]name(parameters) → result</c>.</summary>
    private const string Table = """
        _==_(A,A)bool
        _!=_(A,A)bool
        !_(bool)bool
        _&&_(bool,bool)bool
        _||_(bool,bool)bool
        _?_:_(bool,A,A)A
        -_(int)int
        -_(double)double
        _+_(int,int)int
        _+_(uint,uint)uint
        _+_(double,double)double
        _+_(string,string)string
        _+_(bytes,bytes)bytes
        _+_(list<A>,list<A>)list<A>
        _+_(timestamp,duration)timestamp
        _+_(duration,timestamp)timestamp
        _+_(duration,duration)duration
        _-_(int,int)int
        _-_(uint,uint)uint
        _-_(double,double)double
        _-_(timestamp,timestamp)duration
        _-_(timestamp,duration)timestamp
        _-_(duration,duration)duration
        _*_(int,int)int
        _*_(uint,uint)uint
        _*_(double,double)double
        _/_(int,int)int
        _/_(uint,uint)uint
        _/_(double,double)double
        _%_(int,int)int
        _%_(uint,uint)uint
        @in(A,list<A>)bool
        @in(A,map<A,B>)bool
        _[_](list<A>,int)A
        _[_](map<A,B>,A)B
        _[_](optional<list<A>>,int)optional<A>
        _[_](optional<map<A,B>>,A)optional<B>
        _[?_](list<A>,int)optional<A>
        _[?_](map<A,B>,A)optional<B>
        _[?_](optional<list<A>>,int)optional<A>
        _[?_](optional<map<A,B>>,A)optional<B>
        size(string)int
        size(bytes)int
        size(list<A>)int
        size(map<A,B>)int
        .size(string)int
        .size(bytes)int
        .size(list<A>)int
        .size(map<A,B>)int
        type(A)type
        dyn(A)dyn
        int(int)int
        int(uint)int
        int(double)int
        int(string)int
        int(timestamp)int
        int(duration)int
        uint(int)uint
        uint(uint)uint
        uint(double)uint
        uint(string)uint
        double(int)double
        double(uint)double
        double(double)double
        double(string)double
        string(string)string
        string(bool)string
        string(int)string
        string(uint)string
        string(double)string
        string(bytes)string
        string(timestamp)string
        string(duration)string
        bytes(string)bytes
        bytes(bytes)bytes
        bool(bool)bool
        bool(string)bool
        timestamp(string)timestamp
        timestamp(timestamp)timestamp
        timestamp(int)timestamp
        duration(string)duration
        duration(duration)duration
        duration(int)duration
        matches(string,string)bool
        .matches(string,string)bool
        .contains(string,string)bool
        .startsWith(string,string)bool
        .endsWith(string,string)bool
        .charAt(string,int)string
        .indexOf(string,string)int
        .indexOf(string,string,int)int
        .lastIndexOf(string,string)int
        .lastIndexOf(string,string,int)int
        .lowerAscii(string)string
        .upperAscii(string)string
        .replace(string,string,string)string
        .replace(string,string,string,int)string
        .split(string,string)list<string>
        .split(string,string,int)list<string>
        .substring(string,int)string
        .substring(string,int,int)string
        .trim(string)string
        .reverse(string)string
        .join(list<string>)string
        .join(list<string>,string)string
        .format(string,list<dyn>)string
        .find(string,string)string
        .findAll(string,string)list<string>
        .findAll(string,string,int)list<string>
        .isSorted(list<A>)bool
        .sum(list<int>)int
        .sum(list<uint>)uint
        .sum(list<double>)double
        .sum(list<duration>)duration
        .min(list<A>)A
        .max(list<A>)A
        .indexOf(list<A>,A)int
        .lastIndexOf(list<A>,A)int
        sets.contains(list<A>,list<A>)bool
        sets.intersects(list<A>,list<A>)bool
        sets.equivalent(list<A>,list<A>)bool
        optional.of(A)optional<A>
        optional.none()optional<A>
        optional.ofNonZeroValue(A)optional<A>
        .hasValue(optional<A>)bool
        .value(optional<A>)A
        .orValue(optional<A>,A)A
        .or(optional<A>,optional<A>)optional<A>
        .getHours(duration)int
        .getMinutes(duration)int
        .getSeconds(duration)int
        .getMilliseconds(duration)int
        """;

    private static readonly string[] TimestampGetters =
    [
        "getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getHours", "getMinutes",
        "getSeconds", "getMilliseconds",
    ];

    private static readonly string[] Orderable = ["bool", "int", "uint", "double", "string", "bytes", "timestamp", "duration"];

    private static readonly string[] Comparisons = ["<", "<=", ">", ">="];

    private static readonly string[] Numbers = ["int", "uint", "double"];

    public static readonly IReadOnlyDictionary<string, IReadOnlyList<CelOverload>> Standard = Build();

    /// <summary>The names that stand for types.</summary>
    public static readonly IReadOnlyDictionary<string, CelValue> TypeNames =
        "bool int uint double string bytes list map null_type type".Split(' ').ToDictionary(name => name, CelValue.TypeNamed);

    private static Dictionary<string, IReadOnlyList<CelOverload>> Build()
    {
        var result = new Dictionary<string, List<CelOverload>>();
        var lines = Table.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Concat(TimestampGetters.SelectMany(g => new[] { $".{g}(timestamp)int", $".{g}(timestamp,string)int" }))
            .Concat(Comparisons.SelectMany(op =>
                Orderable.Select(t => $"_{op}_({t},{t})bool")
                    .Concat(from a in Numbers from b in Numbers where a != b select $"_{op}_({a},{b})bool")));
        foreach (var line in lines)
        {
            var open = line.IndexOf('(');
            var close = line.LastIndexOf(')');
            var name = line[..open];
            var isMember = name[0] == '.';
            var at = 0;
            var arguments = line[(open + 1)..close];
            var parameters = new List<CelType>();
            while (at < arguments.Length)
            {
                parameters.Add(ParseType(arguments, ref at));
                at++;
            }

            at = 0;
            var overload = new CelOverload(isMember, parameters, ParseType(line[(close + 1)..], ref at));
            var key = isMember ? name[1..] : name;
            if (!result.TryGetValue(key, out var overloads))
            {
                result.Add(key, overloads = []);
            }

            overloads.Add(overload);
        }

        return result.ToDictionary(p => p.Key, p => (IReadOnlyList<CelOverload>)p.Value);
    }

    private static CelType ParseType(string text, ref int at)
    {
        var start = at;
        while (at < text.Length && char.IsAsciiLetter(text[at]))
        {
            at++;
        }

        var name = text[start..at];
        var inner = new List<CelType>();
        if (at < text.Length && text[at] == '<')
        {
            do
            {
                at++;
                inner.Add(ParseType(text, ref at));
            }
            while (text[at] == ',');
            at++;
        }

        return name switch
        {
            "list" => CelType.ListOf(inner[0]),
            "map" => CelType.MapOf(inner[0], inner[1]),
            "optional" => CelType.OptionalOf(inner[0]),
            "bool" => CelType.Bool,
            "int" => CelType.Int,
            "uint" => CelType.Uint,
            "double" => CelType.Double,
            "string" => CelType.String,
            "bytes" => CelType.Bytes,
            "timestamp" => CelType.Timestamp,
            "duration" => CelType.Duration,
            "type" => CelType.TypeOfTypes,
            "dyn" => CelType.Dyn,
            _ => CelType.ParameterOf(name),
        };
    }
}

internal sealed record CelOverload(bool IsMember, IReadOnlyList<CelType> Parameters, CelType Result);

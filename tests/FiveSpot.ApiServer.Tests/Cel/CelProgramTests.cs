// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using FiveSpot.ApiServer.Cel;
using FiveSpot.ApiServer.Text;

namespace FiveSpot.ApiServer.Tests.Cel;

public sealed class CelProgramTests
{
    private const string Self = """
        {"name":"web","count":3,"ratio":1.5,"on":true,"none":null,"list":["b","a"],"map":{"x":1,"y":2},
         "items":[{"name":"a","n":1},{"name":"b","n":2}],"empty":[]}
        """;

    private static readonly CelEnvironment Dynamic = new(new Dictionary<string, CelType> { ["self"] = CelType.Dyn });

    private static CelValue Evaluate(string expression, long budget = 1_000_000)
    {
        var activation = new Dictionary<string, CelValue> { ["self"] = CelValue.FromJson(JsonNode.Parse(Self)) };
        return CelProgram.Compile(expression, Dynamic).Evaluate(activation, ref budget);
    }

    [Theory]
    [InlineData("1 + 2 * 3 == 7")]
    [InlineData("(1 + 2) * 3 == 9")]
    [InlineData("7 / 2 == 3 && 7 % 2 == 1 && -7 / 2 == -3 && -7 % 2 == -1")]
    [InlineData("10 - 3 - 2 == 5")]
    [InlineData("-9223372036854775808 < 0")]
    [InlineData("0x10 == 16 && 0xFFu == 255u && 1e3 == 1000.0 && .5 == 0.5")]
    [InlineData("1 == dyn(1.0) && dyn(1u) == 1 && 1 < 1.5 && 2u > 1")]
    [InlineData("'a' + \"b\" == 'ab' && 'a' < 'b'")]
    [InlineData("""'\n\t\\\x41\u0042\101' == "\n\t\\ABA" """)]
    [InlineData(@"r'\d' == '\\d' && R""\n"".size() == 2")]
    [InlineData("'''a'b''' == \"a'b\"")]
    [InlineData("b'abc' == bytes('abc') && b'\\xff'.size() == 1 && size(b'é') == 2")]
    [InlineData("'é😀'.size() == 2")]
    [InlineData("true ? true : false")]
    [InlineData("false ? 1 / 0 == 1 : true")]
    [InlineData("!false && !!true")]
    [InlineData("true || 1 / 0 == 1")]
    [InlineData("1 / 0 == 1 || true")]
    [InlineData("!(1 / 0 == 1 && false)")]
    [InlineData("2 in [1, 2] && !(3 in [1, 2]) && 'x' in {'x': 1}")]
    [InlineData("{'a': [1, 2]}.a[1] == 2 && {1: 'x'}[1] == 'x'")]
    [InlineData("[1, 2] + [3] == [1, 2, 3] && [1, 2] != [2, 1]")]
    [InlineData("{'a': 1, 'b': 2} == {'b': 2, 'a': 1}")]
    [InlineData("has(self.name) && !has(self.other) && has(self.none)")]
    [InlineData("self.none == null && self.name != null")]
    [InlineData("self.count == 3 && self.ratio > 1.0 && self['name'] == 'web'")]
    [InlineData("self.list.all(x, x.size() == 1) && self.list.exists(x, x == 'a') && self.list.exists_one(x, x == 'a')")]
    [InlineData("!self.list.all(x, x == 'a') && !self.list.exists(x, x == 'c') && !self.list.exists_one(x, true)")]
    [InlineData("self.empty.all(x, false) && !self.empty.exists(x, true)")]
    [InlineData("self.items.map(i, i.n) == [1, 2] && self.items.map(i, i.n > 1, i.name) == ['b']")]
    [InlineData("self.items.filter(i, i.n > 1).size() == 1")]
    [InlineData("self.map.all(k, self.map[k] > 0) && size(self.map) == 2")]
    [InlineData("self.items.all(x, self.items.exists_one(y, x.name == y.name))")]
    [InlineData("[1, 0].exists(x, 1 / x == 1)")]
    [InlineData("[0, 1].exists(x, 1 / x == 1)")]
    [InlineData("int('12') == 12 && int(3.9) == 3 && uint(3) == 3u && double(2) == 2.0 && string(12) == '12'")]
    [InlineData("string(1.0) == '1' && string(1e21) == '1e+21' && string(true) == 'true' && bool('true')")]
    [InlineData("type(1) == int && type('') == string && type([]) == list && type(null) == null_type")]
    [InlineData("dyn(1) == 1")]
    [InlineData("'abc123'.matches('^[a-z]+[0-9]+$') && !'abc\\n'.matches('^abc$')")]
    [InlineData("'abc'.matches('b') && matches('x', '(?i)X') && 'a1'.matches('^\\\\w\\\\d$') && !'é'.matches('^\\\\w$')")]
    [InlineData(@"'[]'.matches(r'^[\[]]$') && 'a]'.matches('^[a]]$') && ']'.matches('^[]a]$') && 'a.b'.matches(r'^[a-z.\]]+$')")]
    [InlineData("'x-1'.matches('^(?P<a>x)-[[:digit:]]$')")]
    [InlineData("'hello'.startsWith('he') && 'hello'.endsWith('lo') && 'hello'.contains('ell') && !'a'.contains('b')")]
    [InlineData("'a,b,c'.split(',') == ['a', 'b', 'c'] && 'a,b,c'.split(',', 2) == ['a', 'b,c'] && 'ab'.split('') == ['a', 'b']")]
    [InlineData("['a', 'b'].join('-') == 'a-b' && ['a'].join() == 'a'")]
    [InlineData("'hello'.replace('l', 'L') == 'heLLo' && 'hello'.replace('l', 'L', 1) == 'heLlo'")]
    [InlineData("'hello'.substring(1) == 'ello' && 'hello'.substring(1, 3) == 'el' && ' x '.trim() == 'x'")]
    [InlineData("'AbÉ'.lowerAscii() == 'abÉ' && 'ab'.upperAscii() == 'AB' && 'abc'.charAt(1) == 'b' && 'a'.charAt(1) == ''")]
    [InlineData("'hello'.indexOf('l') == 2 && 'hello'.lastIndexOf('l') == 3 && 'hello'.indexOf('z') == -1 && 'hello'.indexOf('l', 3) == 3")]
    [InlineData("'abc'.reverse() == 'cba' && '%s has %d of %.2f'.format(['x', 2, 1.5]) == 'x has 2 of 1.50'")]
    [InlineData("[1, 2, 2].isSorted() && ![2, 1].isSorted() && [1, 2].sum() == 3 && [3, 1].min() == 1 && [3, 1].max() == 3")]
    [InlineData("[1, 2, 1].indexOf(1) == 0 && [1, 2, 1].lastIndexOf(1) == 2")]
    [InlineData("'a1b22'.find('[0-9]+') == '1' && 'a1b22'.findAll('[0-9]+') == ['1', '22'] && 'a1b2'.findAll('[0-9]', 1) == ['1']")]
    [InlineData("sets.contains([1, 2], [2]) && !sets.intersects([1], [2]) && sets.equivalent([1, 2], [2, 1, 1])")]
    [InlineData("self.?other.orValue('x') == 'x' && self.?name.orValue('x') == 'web' && !self.?other.hasValue()")]
    [InlineData("self.?other.?deep.orValue(1) == 1 && optional.of(1).value() == 1 && optional.none().orValue(2) == 2")]
    [InlineData("self.list[?9].orValue('z') == 'z' && self.?name.optMap(n, n + '!').orValue('') == 'web!'")]
    [InlineData("timestamp('2024-02-29T12:30:00Z').getMonth() == 1 && timestamp('2024-02-29T12:30:00Z').getDayOfWeek() == 4")]
    [InlineData("timestamp('2024-01-01T00:00:00Z') + duration('90m') == timestamp('2024-01-01T01:30:00Z')")]
    [InlineData("timestamp('2024-01-01T23:00:00Z').getHours('+02:00') == 1")]
    [InlineData("duration('1h30m').getMinutes() == 90 && string(duration('90s')) == '90s' && duration('1m') < duration('1h')")]
    [InlineData("// a comment\n 1 == 1 // and another")]
    public void True_expressions_are_true(string expression) =>
        Evaluate(expression).ToString().ShouldBe("true", expression);

    [Theory]
    [InlineData("1 / 0", "division by zero")]
    [InlineData("1 % 0", "modulus by zero")]
    [InlineData("9223372036854775807 + 1", "integer overflow")]
    [InlineData("-9223372036854775808 / -1", "integer overflow")]
    [InlineData("1u - 2u", "integer overflow")]
    [InlineData("self.other", "no such key: other")]
    [InlineData("self.list[2]", "index out of bounds: 2")]
    [InlineData("self.map['z']", "no such key: z")]
    [InlineData("self.name + 1", "no such overload")]
    [InlineData("self.name && true", "no such overload")]
    [InlineData("1 / 0 == 1 || false", "division by zero")]
    [InlineData("[0, 2].exists(x, 1 / x == 1)", "division by zero")]
    [InlineData("{'a': 1, 'a': 2}", "Failed with repeated key: a")]
    [InlineData("int('x')", "type conversion error from 'string' to 'int': \"x\"")]
    [InlineData("dyn('x').matches('(')", "error")]
    public void Failing_expressions_are_errors(string expression, string message)
    {
        try
        {
            var result = Evaluate(expression);
            result.IsError.ShouldBeTrue(expression);
            result.Text.ShouldStartWith(message);
        }
        catch (CelException e) when (message == "error")
        {
            e.Problem.ShouldContain("matches");
        }
    }

    [Theory]
    [InlineData("1 +", 3, "Syntax error")]
    [InlineData("foo", 0, "undeclared reference to 'foo' (in container '')")]
    [InlineData("self.foo(1)", 8, "undeclared reference to 'foo' (in container '')")]
    [InlineData("1 + 'a'", 2, "found no matching overload for '_+_' applied to '(int, string)'")]
    [InlineData("1 == 1.0", 2, "found no matching overload for '_==_' applied to '(int, double)'")]
    [InlineData("'a'.size(1)", 8, "found no matching overload for 'size'")]
    [InlineData("[1, 'a']", 4, "expected type 'int' but found 'string'")]
    [InlineData("[1].all(x, x + 1)", 13, "expected type 'bool' but found 'int'")]
    [InlineData("[1].all(1, true)", 8, "argument must be a simple name")]
    [InlineData("(1).all(x, true)", 1, "expression of type 'int' cannot be range")]
    [InlineData("has(self)", 3, "invalid argument to has() macro")]
    [InlineData("'a", 0, "Syntax error: unterminated string")]
    [InlineData("'\\q'", 1, "Syntax error: invalid escape sequence")]
    [InlineData("'a'.matches('(')", 12, "invalid matches argument")]
    [InlineData("'a'.matches('a(?=b)')", 12, "invalid matches argument")]
    [InlineData("9223372036854775808", 0, "invalid int literal")]
    [InlineData("for", 0, "reserved identifier: for")]
    [InlineData("a#b", 1, "Syntax error: token recognition error at: '#'")]
    [InlineData("true ? 1 : 'a'", 5, "found no matching overload for '_?_:_'")]
    [InlineData("[1].all(x, x == 1) && x == 1", 22, "undeclared reference to 'x'")]
    [InlineData("", 0, "Syntax error")]
    public void Expressions_that_are_wrong_do_not_compile(string expression, int position, string problem)
    {
        var failure = Should.Throw<CelException>(() => CelProgram.Compile(expression, Dynamic));
        failure.Problem.ShouldStartWith(problem);
        failure.Position.ShouldBe(position);
    }

    [Fact]
    public void A_compile_error_shows_the_place() =>
        Should.Throw<CelException>(() => CelProgram.Compile("true &&\n  foo == 1", Dynamic)).Message
            .ShouldBe("ERROR: <input>:2:3: undeclared reference to 'foo' (in container '')\n |   foo == 1\n | ..^");

    [Fact]
    public void An_evaluation_stops_when_its_budget_is_spent()
    {
        var many = new JsonArray([.. Enumerable.Range(0, 1000).Select(i => JsonValue.Create(i))]);
        var activation = new Dictionary<string, CelValue> { ["self"] = CelValue.FromJson(many) };
        var program = CelProgram.Compile("self.all(x, self.all(y, x + y >= 0))", Dynamic);
        var budget = 1_000_000L;
        program.Evaluate(activation, ref budget).Text.ShouldStartWith("operation cancelled: actual cost limit exceeded");
        budget.ShouldBeLessThan(0);
        budget = 100_000_000;
        program.Evaluate(activation, ref budget).IsTrue.ShouldBeTrue();
        budget.ShouldBeInRange(80_000_000, 99_000_000);
    }

    [Fact]
    public void The_host_can_offer_functions_and_lazy_variables()
    {
        var asked = 0;
        var authorizer = CelType.OpaqueOf("authorizer");
        var environment = new CelEnvironment(new Dictionary<string, CelType> { ["authorizer"] = authorizer, ["variables"] = CelType.Dyn })
        {
            Functions = [new CelFunction("allowed", true, [authorizer, CelType.String], CelType.Bool, a => CelValue.Of(a[1].Text == "get"), 350_000)],
        };
        var activation = new Dictionary<string, CelValue>
        {
            ["authorizer"] = CelValue.Opaque(new object()),
            ["variables"] = CelValue.Of(CelMap.Lazy(new Dictionary<string, Func<CelValue>>
            {
                ["used"] = () => CelValue.Of(++asked),
                ["unused"] = () => throw new InvalidOperationException(),
            })),
        };
        var budget = 1_000_000L;
        var program = CelProgram.Compile("authorizer.allowed('get') && !authorizer.allowed('put') && variables.used + variables.used == 2", environment);
        program.Evaluate(activation, ref budget).IsTrue.ShouldBeTrue();
        program.Variables.ShouldBe(["authorizer", "variables"], ignoreOrder: true);
        asked.ShouldBe(1);
        budget.ShouldBeLessThan(300_000);
    }

    [Theory]
    [InlineData("a", "a")]
    [InlineData("a-b.c/d", "a__dash__b__dot__c__slash__d")]
    [InlineData("a__b", "a__underscores__b")]
    [InlineData("if", "__if__")]
    [InlineData("namespace", "__namespace__")]
    [InlineData("a b", null)]
    [InlineData("1a", null)]
    public void Property_names_are_escaped(string name, string? escaped) => CelNames.Escape(name).ShouldBe(escaped);

    [Theory]
    [InlineData(1.0, "1")]
    [InlineData(0.1, "0.1")]
    [InlineData(1e20, "100000000000000000000")]
    [InlineData(1e21, "1e+21")]
    [InlineData(1.5e-7, "1.5e-07")]
    [InlineData(-123.456, "-123.456")]
    public void Floats_print_as_Go_prints_them(double value, string text) => GoText.Float(value, 21).ShouldBe(text);

    [Theory]
    [InlineData("a\nb", @"""a\nb""")]
    [InlineData("\"\\\0\u007f", @"""\""\\\x00\x7f""")]
    [InlineData("é😀\u200b", @"""é😀\u200b""")]
    public void Strings_are_quoted_as_Go_quotes_them(string value, string text) => GoText.Quote(value).ShouldBe(text);

    [Fact]
    public void Whatever_the_text_compiling_and_running_end_in_a_value_or_a_CelException()
    {
        string[] words =
        [
            "self", ".", "[", "]", "(", ")", "{", "}", "?", ":", ",", "&&", "||", "!", "-", "+", "*", "/", "%", "<", "==",
            "in", "1", "0", "2u", "1.5", "'a'", "\"", "'", "b'x'", "r'\\'", "name", "list", "map", "items", "all", "exists",
            "x", "size", "has", "filter", "matches", "int", "string", "timestamp", "duration", "optional", "of", "null",
            "true", "\\", "'''", "join", "split", "substring", "indexOf", "format", "%", " ", "\n", "é", "\ud800", "#",
        ];
        Gen.Int[0, words.Length - 1].Select(i => words[i]).Array[0, 14].Select(parts => string.Concat(parts)).Sample(text =>
        {
            var budget = 100_000L;
            try
            {
                var program = CelProgram.Compile(text, Dynamic);
                var activation = new Dictionary<string, CelValue> { ["self"] = CelValue.FromJson(JsonNode.Parse(Self)) };
                return program.Evaluate(activation, ref budget).ToString() is not null;
            }
            catch (CelException)
            {
                return true;
            }
        }, iter: 5_000);
    }

    [Theory]
    [InlineData("(", 5000)]
    [InlineData("[", 5000)]
    [InlineData("!", 5000)]
    [InlineData("1+", 40000)]
    [InlineData("a.", 40000)]
    [InlineData("-(", 5000)]
    [InlineData("true||", 15000)]
    [InlineData("[1].map(x,", 5000)]
    [InlineData("{1:", 5000)]
    [InlineData("1?2:", 5000)]
    public void Deep_nesting_is_refused_not_a_stack_overflow(string part, int times)
    {
        var text = new StringBuilder().Insert(0, part, times).ToString();
        Should.Throw<CelException>(() => CelProgram.Compile(text, Dynamic));
    }

    [Fact]
    public void A_long_chain_of_ors_compiles()
    {
        var text = string.Join(" || ", Enumerable.Range(0, 4000).Select(i => $"self.count == {i}"));
        Evaluate(text).IsTrue.ShouldBeTrue();
    }
}

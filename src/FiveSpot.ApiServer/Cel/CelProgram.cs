// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Cel;

/// <summary>A compiled CEL expression: the language as Kubernetes uses it, with its cost model.</summary>
public sealed class CelProgram
{
    private readonly CelEnvironment _environment;

    private CelProgram(string source, CelExpr root, CelEnvironment environment)
    {
        Source = source;
        Root = root;
        _environment = environment;
        Variables = FreeVariables(root);
    }

    /// <summary>The expression as it was written.</summary>
    public string Source { get; }

    /// <summary>The type of its result.</summary>
    public CelType ResultType => Root.Type;

    /// <summary>The variables of the environment that it refers to.</summary>
    public IReadOnlySet<string> Variables { get; }

    internal CelExpr Root { get; }

    /// <summary>Compiles and checks an expression.</summary>
    /// <exception cref="CelException">It is not CEL, or refers to what the environment does not have.</exception>
    public static CelProgram Compile(string expression, CelEnvironment environment)
    {
        var root = CelParser.Parse(expression);
        new CelChecker(expression, environment).Check(root);
        return new CelProgram(expression, root, environment);
    }

    /// <summary>Evaluates the expression.</summary>
    /// <param name="activation">The values of the variables; one that is missing fails where it is used.</param>
    /// <param name="budget">The cost that may be spent, in Kubernetes' units; what is left when it returns, negative
    /// when it was not enough.</param>
    /// <returns>The value, or one of kind <see cref="CelKind.Error"/>.</returns>
    public CelValue Evaluate(IReadOnlyDictionary<string, CelValue> activation, ref long budget)
    {
        var evaluator = new CelEvaluator(activation, _environment.Functions, budget);
        try
        {
            return evaluator.Run(Root);
        }
        catch (CelBudgetException)
        {
            return CelValue.Error("operation cancelled: actual cost limit exceeded");
        }
        finally
        {
            budget = evaluator.Remaining;
        }
    }

    private static HashSet<string> FreeVariables(CelExpr root)
    {
        var found = new HashSet<string>();
        Walk(root, []);
        return found;

        void Walk(CelExpr? node, IReadOnlyList<string> bound)
        {
            switch (node)
            {
                case CelIdent ident when !bound.Contains(ident.Name):
                    found.Add(ident.Name);
                    break;
                case CelSelect select:
                    Walk(select.Operand, bound);
                    break;
                case CelCall call:
                    foreach (var argument in call.All)
                    {
                        Walk(argument, bound);
                    }

                    break;
                case CelListExpr list:
                    foreach (var (value, _) in list.Elements)
                    {
                        Walk(value, bound);
                    }

                    break;
                case CelMapExpr map:
                    foreach (var (key, value, _) in map.Entries)
                    {
                        Walk(key, bound);
                        Walk(value, bound);
                    }

                    break;
                case CelComprehension loop:
                    Walk(loop.Range, bound);
                    IReadOnlyList<string> inner = [.. bound, loop.Variable];
                    Walk(loop.Predicate, inner);
                    Walk(loop.Transform, inner);
                    break;
            }
        }
    }
}

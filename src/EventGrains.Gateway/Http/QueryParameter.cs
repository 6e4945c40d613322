using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Primitives;
using Microsoft.OpenApi;

namespace EventGrains.Gateway.Http;

/// <summary>One query parameter of a route: declared once, for its check and for the OpenAPI document.</summary>
/// <param name="Words">The only values allowed, where there are such.</param>
internal sealed record QueryParameter(string Name, string Meaning, IReadOnlyList<string>? Words = null, bool Repeats = false, JsonSchemaType Type = JsonSchemaType.String)
{
    public static readonly QueryParameter Limit = new("limit", "How many items at most, 1 to 1000; 100 when not given.", Type: JsonSchemaType.Integer);

    public static readonly QueryParameter After = new("after", "The `next` of the page before.");

    public OpenApiParameter Describe()
    {
        var value = new OpenApiSchema { Type = Type };
        if (Words is not null)
        {
            value.Enum = [.. Words.Select(word => (JsonNode)JsonValue.Create(word))];
        }

        return new OpenApiParameter
        {
            Name = Name,
            In = ParameterLocation.Query,
            Description = Meaning,
            Schema = Repeats ? new OpenApiSchema { Type = JsonSchemaType.Array, Items = value } : value,
        };
    }
}

/// <summary>Declares and reads query parameters.</summary>
internal static class Queries
{
    public const int LimitMax = 1_000;

    private const int LimitDefault = 100;

    /// <summary>Declares what a route takes. Anything else is refused: a misspelt filter that is ignored would answer too much.</summary>
    public static TBuilder Takes<TBuilder>(this TBuilder route, params QueryParameter[] parameters)
        where TBuilder : IEndpointConventionBuilder
    {
        route.AddEndpointFilter(async (context, next) =>
        {
            Check(context.HttpContext.Request.Query, parameters);
            return await next(context);
        });
        route.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.Parameters = [.. operation.Parameters ?? [], .. parameters.Select(p => p.Describe())];
            return Task.CompletedTask;
        });
        return route;
    }

    /// <summary>The parameter's value; null when it is absent or empty.</summary>
    public static string? Text(this IQueryCollection query, string name) =>
        query[name] is [{ Length: > 0 } value] ? value : null;

    public static T? Word<T>(this IQueryCollection query, string name)
        where T : struct, Enum =>
        query.Text(name) is { } word ? ParseWord<T>(name, word) : null;

    public static T ParseWord<T>(string name, string word)
        where T : struct, Enum =>
        Words<T>.TryParse(word, out var value)
            ? value
            : throw ProblemException.BadRequest($"{name}: '{word}' is not known", $"use one of {string.Join(", ", Words<T>.All)}");

    public static bool Flag(this IQueryCollection query, string name) => query.Text(name) switch
    {
        null or "false" => false,
        "true" => true,
        var other => throw ProblemException.BadRequest($"{name}: '{other}' is neither true nor false", $"write {name}=true"),
    };

    public static int Limit(this IQueryCollection query)
    {
        if (query.Text("limit") is not { } text)
        {
            return LimitDefault;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= LimitMax
            ? limit
            : throw ProblemException.BadRequest($"limit: '{text}' is not a number from 1 to {LimitMax}", "page through longer lists with `after`");
    }

    /// <summary>Asks for one page of a list; a cursor that the list does not know is the client's mistake, not ours.</summary>
    public static async Task<T> Page<T>(string? after, Func<string?, Task<T>> ask)
    {
        try
        {
            return await ask(after);
        }
        catch (Exception failure) when (after is not null && failure is FormatException or ArgumentException)
        {
            throw ProblemException.BadRequest($"after: '{after}' is not a cursor that this server gave for this list", "give the `next` of the page before unchanged, with the same filters");
        }
    }

    private static void Check(IQueryCollection query, QueryParameter[] parameters)
    {
        foreach (var (name, values) in query)
        {
            var parameter = Array.Find(parameters, p => string.Equals(p.Name, name, StringComparison.OrdinalIgnoreCase))
                ?? throw ProblemException.BadRequest($"'{name}' is not a parameter of this request", parameters.Length == 0 ? "it takes none" : $"it takes {string.Join(", ", parameters.Select(p => p.Name))}");
            if (!parameter.Repeats && values.Count > 1)
            {
                throw ProblemException.BadRequest($"{name}: given {values.Count} times", "give it once");
            }
        }
    }
}

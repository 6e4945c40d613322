using System.CommandLine;
using EventGrains.Cli.Client;
using EventGrains.Cli.Output;

namespace EventGrains.Cli.Verbs;

/// <summary>One verb, or a group of them, with an example that its help shows.</summary>
internal sealed class Verb(string name, string description, string example) : Command(name, description)
{
    public string Example { get; } = example;

    /// <summary>A group: it does nothing itself.</summary>
    public static Verb Group(string name, string description, string example, params Verb[] verbs)
    {
        var group = new Verb(name, description, example);
        foreach (var verb in verbs)
        {
            group.Add(verb);
        }

        return group;
    }

    public Verb With(params Symbol[] symbols)
    {
        foreach (var symbol in symbols)
        {
            switch (symbol)
            {
                case Option option:
                    Add(option);
                    break;
                case Argument argument:
                    Add(argument);
                    break;
            }
        }

        return this;
    }

    /// <summary>A verb that asks a server: gets <c>--server</c> and <c>-o</c>.</summary>
    public Verb Asks(Surroundings surroundings, Func<Asking, CancellationToken, Task<int>> ask)
    {
        var server = new Option<string?>("--server")
        {
            HelpName = "URL",
            Description = $"The server to ask; else EVENTGRAINS_SERVER, else {ServerClient.Default}. A bearer token is taken from EVENTGRAINS_TOKEN.",
        };
        var output = Outputs.Option();
        Add(server);
        Add(output);
        SetAction(async (parsed, ct) =>
        {
            var address = parsed.GetValue(server) ?? surroundings.Variable("EVENTGRAINS_SERVER") ?? ServerClient.Default;
            using var client = new ServerClient(ServerClient.ParseAddress(address), surroundings.Variable("EVENTGRAINS_TOKEN"));
            return await ask(new Asking(parsed, surroundings, client, Outputs.Printer(surroundings, parsed, output)), ct);
        });
        return this;
    }
}

/// <summary>A client verb under way: what was written, whom to ask, where to print.</summary>
internal sealed record Asking(ParseResult Parsed, Surroundings Surroundings, ServerClient Server, Printer Printer)
{
    public T? Value<T>(Option<T> option) => Parsed.GetValue(option);

    public T Value<T>(Argument<T> argument) => Parsed.GetRequiredValue(argument);

    /// <summary>A message for the person; never among the answers.</summary>
    public void Tell(string message) => Surroundings.Error.WriteLine(message);
}

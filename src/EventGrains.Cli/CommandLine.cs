using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using EventGrains.Cli.Output;
using EventGrains.Cli.Verbs;

namespace EventGrains.Cli;

/// <summary>All that the program can be told to do, and how it ends.</summary>
internal static class CommandLine
{
    /// <summary>Runs one command line; the answer is the process's exit code.</summary>
    public static async Task<int> Run(IReadOnlyList<string> args, Surroundings surroundings, CancellationToken stop = default)
    {
        // No response files: an argument that begins with @ is an argument.
        var parsed = Tree(surroundings).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is ParseErrorAction or null)
        {
            var verb = string.Join(' ', Names(parsed.CommandResult.Command).Reverse());
            foreach (var error in parsed.Errors)
            {
                surroundings.Error.WriteLine(Printable.Of(error.Message.ReplaceLineEndings(" ").Replace("\t", "", StringComparison.Ordinal)));
            }

            surroundings.Error.WriteLine($"Try: {verb} --help");
            return ExitCode.Usage;
        }

        try
        {
            return await parsed.InvokeAsync(
                new InvocationConfiguration
                {
                    Output = surroundings.Output,
                    Error = surroundings.Error,
                    EnableDefaultExceptionHandler = false,
                    ProcessTerminationTimeout = null,
                },
                stop);
        }
        catch (VerbFailure e)
        {
            surroundings.Error.WriteLine(string.Join('\n', e.Message.Split('\n').Select(Printable.Of)));
            return e.ExitCode;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            surroundings.Error.WriteLine("Ended by a signal before it was done.");
            return ExitCode.Failed;
        }
        catch (IOException e) when (e.HResult == BrokenPipe)
        {
            // Whoever read our answers has enough of them.
            return ExitCode.Ok;
        }
        catch (Exception e)
        {
            surroundings.Error.WriteLine($"Failed: {e}");
            return ExitCode.Failed;
        }
    }

    /// <summary>The tree of verbs, in the order in which help shows them.</summary>
    public static RootCommand Tree(Surroundings surroundings)
    {
        var root = new RootCommand("Consumes storage events and keeps a durable state machine per file.")
        {
            HostVerbs.Dev(surroundings),
            HostVerbs.Server(surroundings),
            HostVerbs.Config(surroundings),
            StatusVerb.Create(surroundings),
            EventVerbs.Create(surroundings),
            SourceVerbs.Create(surroundings),
            FileVerbs.Create(surroundings),
            DatasetVerbs.Create(surroundings),
            RuleVerbs.Create(surroundings),
            StepVerbs.Create(surroundings),
            DeadLetterVerbs.Create(surroundings),
            ParkedDeliveryVerbs.Create(surroundings),
        };
        root.HelpName = "eventgrains";
        root.Directives.Clear();
        foreach (var option in root.Options)
        {
            switch (option)
            {
                case HelpOption help:
                    help.Action = new HelpWithExample((HelpAction)help.Action!);
                    break;
                case VersionOption version:
                    version.Description = "Show the version, the commit it was built from, and the store's schema";
                    version.Action = new Saying(ProgramVersion.Line);
                    break;
            }
        }

        return root;
    }

    // EPIPE on Linux.
    private const int BrokenPipe = 32;

    private static IEnumerable<string> Names(Command command)
    {
        for (var at = command; at is not null; at = at.Parents.OfType<Command>().FirstOrDefault())
        {
            yield return at is RootCommand ? "eventgrains" : at.Name;
        }
    }

    private sealed class HelpWithExample(HelpAction help) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            var result = help.Invoke(parseResult);
            var example = (parseResult.CommandResult.Command as Verb)?.Example ?? "eventgrains dev";
            parseResult.InvocationConfiguration.Output.WriteLine($"Example:{Environment.NewLine}  {example}{Environment.NewLine}");
            return result;
        }
    }

    private sealed class Saying(string line) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            parseResult.InvocationConfiguration.Output.WriteLine(line);
            return ExitCode.Ok;
        }
    }
}

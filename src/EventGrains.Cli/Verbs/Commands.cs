namespace EventGrains.Cli.Verbs;

/// <summary>How a verb ends that changed something: the answer for a script, a sentence for a person.</summary>
internal static class Commands
{
    public static void Done(Asking asking, string answer, string sentence)
    {
        if (asking.Printer.IsTable || string.IsNullOrWhiteSpace(answer))
        {
            asking.Tell(Output.Printable.Of(sentence));
            return;
        }

        asking.Printer.One(answer, _ => { });
    }
}

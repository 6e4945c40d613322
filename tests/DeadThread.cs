using System.Runtime.CompilerServices;

namespace EventGrains.Tests;

/// <summary>An exception that ends a thread would end the product; here it ends the tests at once, with its trace. The runner alone would let them hang.</summary>
internal static class DeadThread
{
    [ModuleInitializer]
    internal static void EndsTheTests() => AppDomain.CurrentDomain.UnhandledException +=
        (_, dead) => Environment.FailFast("an exception ended a thread", (Exception)dead.ExceptionObject);
}

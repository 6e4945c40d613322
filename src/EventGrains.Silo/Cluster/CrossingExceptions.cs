using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace EventGrains.Silo.Cluster;

internal static class CrossingExceptions
{
    /// <summary>Lets every exception cross from silo to silo with its type, message and causes, the drivers' and those of others' actions too.</summary>
    /// <remarks>By default Orleans takes only .NET's own and those with a serializer: with any other, even as a cause, the answer itself cannot be sent, and says so instead of what went wrong.</remarks>
    public static IServiceCollection AddCrossingExceptions(this IServiceCollection services) =>
        services.AddSingleton<ITypeFilter, Exceptions>().Configure<ExceptionSerializationOptions>(options => options.SupportedExceptionTypeFilter = _ => true);

    private sealed class Exceptions : ITypeFilter
    {
        public bool? IsTypeAllowed(Type type) => typeof(Exception).IsAssignableFrom(type) ? true : null;
    }
}

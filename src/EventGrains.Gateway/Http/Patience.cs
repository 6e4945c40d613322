using EventGrains.Gateway.Status;

namespace EventGrains.Gateway.Http;

/// <summary>A request that comes before its gateway knows the cluster waits, so that clients need not see gateways start.</summary>
internal static class Patience
{
    public static async ValueTask<object?> Filter(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        if (http.RequestServices.GetService<ClusterLook>() is { } look)
        {
            await look.Beginning(http.RequestAborted);
        }

        return await next(context);
    }
}

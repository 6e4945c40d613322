using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using EventGrains.Contracts;
using EventGrains.Contracts.Status;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace EventGrains.Gateway.Http;

/// <summary>An error as problem+json (RFC 9457), with what to do about it.</summary>
internal sealed record ProblemView(
    string Title,
    int Status,
    string Detail,
    string Remedy,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Candidates = null);

/// <summary>Turns whatever goes wrong below it into one problem+json answer.</summary>
internal sealed partial class Problems(RequestDelegate next, ClusterShape cluster, ILogger<Problems> log)
{
    private const string Reference = "see /openapi/v1.json for what this server answers";

    public async Task InvokeAsync(HttpContext http)
    {
        try
        {
            await next(http);
        }
        catch (Exception failure) when (http.RequestAborted.IsCancellationRequested || failure is ConnectionResetException)
        {
            // The client went away: nobody is left to be told.
            return;
        }
        catch (Exception failure) when (!http.Response.HasStarted)
        {
            await Write(http, ProblemOf(failure, http));
            return;
        }

        if (http.Response is { HasStarted: false, StatusCode: >= 400, ContentLength: null, ContentType: null })
        {
            await Write(http, ProblemOf(http.Response.StatusCode, http));
        }
    }

    public static Task Write(HttpContext http, ProblemException problem)
    {
        var allow = http.Response.Headers.Allow;
        http.Response.Clear();
        http.Response.Headers.Allow = allow;
        http.Response.Headers.CacheControl = "no-store";
        http.Response.StatusCode = problem.Status;
        if (problem.RetryAfterSeconds is { } seconds)
        {
            http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        if (problem.Status == StatusCodes.Status401Unauthorized)
        {
            http.Response.Headers.WWWAuthenticate = "Bearer";
        }

        http.Response.ContentType = "application/problem+json";
        var view = new ProblemView(problem.Title, problem.Status, problem.Message, problem.Remedy, problem.Candidates);
        return http.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(view, WireJson.Options), http.RequestAborted).AsTask();
    }

    private ProblemException ProblemOf(Exception failure, HttpContext http)
    {
        switch (failure)
        {
            case ProblemException problem:
                return problem;
            case BadHttpRequestException bad:
                return new ProblemException(bad.StatusCode, "Bad request", bad.Message, Reference);
            case StoreAwayException:
                NoAnswer(failure, http.Request.Path);
                return ProblemException.Unavailable(failure.Message, "mend what it says and ask again; it resumes by itself, and nothing acknowledged is lost");
            case ClusterAwayException:
                return Away(failure, failure.Message, http);
            case TimeoutException or OrleansException:
                NoAnswer(failure, http.Request.Path);
                return ProblemException.Unavailable("the part of the server that knows did not answer in time", "ask again; if it stays so, `eventgrains status` says what is unhealthy");
            case var _ when !cluster.IsKnown:
                // Without any silo Orleans does not even know what there is to be asked.
                return Away(failure, ClusterShape.NobodyAnswered, http);
            default:
                Failed(failure, http.Request.Path);
                return new ProblemException(StatusCodes.Status500InternalServerError, "Failed", "the server failed on this request; its log holds the reason", "report it with the server's log; repeating an unchanged request is safe");
        }
    }

    private ProblemException Away(Exception failure, string detail, HttpContext http)
    {
        NoAnswer(failure, http.Request.Path);
        return ProblemException.Unavailable(detail, "see that a silo of this cluster runs and can be reached; ask again after Retry-After");
    }

    private static ProblemException ProblemOf(int status, HttpContext http) => status switch
    {
        StatusCodes.Status404NotFound => ProblemException.NotFound($"there is nothing at {http.Request.Path}", Reference),
        StatusCodes.Status405MethodNotAllowed => new ProblemException(status, "Method not allowed", $"{http.Request.Method} is not possible at {http.Request.Path}", $"use {http.Response.Headers.Allow}"),
        StatusCodes.Status415UnsupportedMediaType => new ProblemException(status, "Unsupported media type", $"content type '{http.Request.ContentType}' is not taken here", "send application/json"),
        _ => new ProblemException(status, "Refused", $"the request was answered {status.ToString(CultureInfo.InvariantCulture)}", Reference),
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "No answer in time for {Path}")]
    private partial void NoAnswer(Exception failure, PathString path);

    [LoggerMessage(Level = LogLevel.Error, Message = "Failed on {Path}")]
    private partial void Failed(Exception failure, PathString path);
}

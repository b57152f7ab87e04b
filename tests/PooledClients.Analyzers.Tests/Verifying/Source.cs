namespace PooledClients.Analyzers.Tests.Verifying;

/// <summary>Makes a file of a few lines.</summary>
internal static class Source
{
    private const string Usings = """
        using System;
        using System.Collections.Concurrent;
        using System.Collections.Generic;
        using System.IO;
        using System.Linq;
        using System.Net;
        using System.Net.Http;
        using System.Net.Http.Json;
        using System.Net.Security;
        using System.Security.Cryptography.X509Certificates;
        using System.Threading;
        using System.Threading.Tasks;
        using Files.V1;
        using Grpc.Core;
        using Grpc.Core.Interceptors;
        using Grpc.Net.Client;
        using Microsoft.AspNetCore.Builder;
        using Microsoft.AspNetCore.Http;
        using Microsoft.Extensions.DependencyInjection;
        using Microsoft.Extensions.Hosting;
        using PooledClients;
        using RocksDb.V1;

        """;

    /// <summary>A file with these members in a class of its own.</summary>
    public static string OfMembers(string members) => Usings + $$"""

        public partial class Subject
        {
            private const string Address = "https://localhost:9101";
            private static readonly GetRequest Request = new();
            private static readonly HttpClient Http = new();
            private static readonly KeyValue.KeyValueClient Client = null!;

        {{members}}
        }
        """;

    /// <summary>A file as it is, with the usings.</summary>
    public static string OfFile(string text) => Usings + text;
}

using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using PooledClients.Grpc.WarmUp;
using RocksDb.V1;

namespace PooledClients.Tests.Grpc.WarmUp;

public sealed class SampleMessageTests
{
    [Fact]
    public void TryCreate_Message_HasSomethingInEachField()
    {
        var response = Assert.IsType<GetResponse>(SampleMessage.TryCreate(typeof(GetResponse)));

        Assert.True(response.Found);
        Assert.NotEmpty(response.Value);
    }

    [Theory]
    [InlineData(typeof(FileDescriptorProto))]
    [InlineData(typeof(Struct))]
    [InlineData(typeof(Value))]
    [InlineData(typeof(Api))]
    public void TryCreate_MessageOfManyKinds_CanBeWrittenAndReadBack(System.Type type)
    {
        var message = (IMessage)SampleMessage.TryCreate(type)!;

        Assert.Equal(message, message.Descriptor.Parser.ParseFrom(message.ToByteArray()));
    }

    // Of the alternatives the last one stays.
    [Fact]
    public void TryCreate_MessageInAMessage_HasSomethingInItsFields()
    {
        var request = Assert.IsType<ExchangeRequest>(SampleMessage.TryCreate(typeof(ExchangeRequest)));

        Assert.NotEmpty(request.Delete.Key);
    }

    [Fact]
    public void TryCreate_NoMessage_IsMadeAsItIs() => Assert.IsType<Version>(SampleMessage.TryCreate(typeof(Version)));

    [Theory]
    [InlineData(typeof(byte[]))]
    [InlineData(typeof(string))]
    [InlineData(typeof(Stream))]
    [InlineData(typeof(Tuple<int>))]
    public void TryCreate_WhatTakesMoreThanAType_IsNotMade(System.Type type) => Assert.Null(SampleMessage.TryCreate(type));
}

using System.IO.Compression;
using System.Text;
using Indelible.Cli.Import;
using Indelible.Events;
using Indelible.Fuzz.Driving;

namespace Indelible.Fuzz.Targets;

/// <summary>Files that are imported.</summary>
internal static class ImportTargets
{
    private const string Record =
        """
        {"eventVersion":"1.09","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE:mira","arn":"arn:aws:sts::111122223333:assumed-role/ops/mira","accountId":"111122223333","accessKeyId":"ASIAEXAMPLE0000000001",
        "sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLE","arn":"arn:aws:iam::111122223333:role/ops","accountId":"111122223333","userName":"ops"},"attributes":{"creationDate":"2025-02-03T04:00:00Z","mfaAuthenticated":"true"}}},
        "eventTime":"2025-02-03T04:05:06Z","eventSource":"s3.amazonaws.com","eventName":"PutBucketPolicy","awsRegion":"eu-north-1","sourceIPAddress":"192.0.2.10","userAgent":"own-tool/1","errorCode":"AccessDenied","errorMessage":"no",
        "requestParameters":{"bucketName":"b","n":[1,2.5,{"x":null}]},"responseElements":null,"additionalEventData":{"SignatureVersion":"SigV4"},"requestID":"REQ1","eventID":"7b0c1f5e-0000-4000-8000-000000000001","readOnly":false,
        "resources":[{"type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::b","accountId":"111122223333"}],"eventType":"AwsApiCall","managementEvent":true,"eventCategory":"Management","recipientAccountId":"111122223333",
        "tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"X","clientProvidedHostHeader":"h"}}
        """;

    private const string Short = """{"eventTime":"2025-02-03T04:05:06Z","eventSource":"iam.amazonaws.com","eventName":"ListUsers","eventID":"7b0c1f5e-0000-4000-8000-000000000002","userIdentity":{"type":"Root","accountId":"1"}}""";

    public static IEnumerable<FuzzTarget> All { get; } =
    [
        new("cloudtrail", "Every record of any file is a claim by the schema's own reader, or a fault with its place; nothing is thrown.", CloudTrailOf, Files)
        {
            Words =
            [
                "{\"Records\":[", "\"Records\":", "]}", "},{", "\n", "\"", "\\", "\\ud800", "\\u0000", "null", "[]", "{}", "1e400", "9007199254740993", "\"userIdentity\":", "\"type\":", "\"arn\":", "\"eventTime\":", "\"eventName\":",
                "\"eventSource\":", "\"eventID\":", "\"$pii\":", "\"sessionContext\":", "\"resources\":", "\"requestParameters\":", "AWSService", "FederatedUser", "true", "\u001f\u008b", "\uFEFF",
            ],
            MaxBytes = 8192,
            MemoryBytes = 16 << 20,
            Slowness = 10,
        },
    ];

    private static IEnumerable<byte[]> Files()
    {
        byte[] bucket = Foreign.OfText("{\"Records\":[" + Record + "," + Short + "]}");
        yield return bucket;
        yield return Foreign.OfText("[" + Short + "," + Short + "]");
        yield return Foreign.OfText(Short + "\n" + Short + "\n");
        yield return Foreign.OfText("{\"v\":1,\"Records\":[" + Short + ",7]}");
        yield return Foreign.OfText(Record);
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(Foreign.OfText(Short));
        }

        yield return packed.ToArray();
    }

    private static bool CloudTrailOf(byte[] input)
    {
        using var stream = new MemoryStream(input);
        bool found = false;
        int items = 0;
        foreach (ImportedItem item in new CloudTrailImport(input.Length % 4 == 0 ? OriginalMode.None : OriginalMode.Personal).Read(stream, "f"))
        {
            items++;
            if (item is ImportFault fault)
            {
                Must.Hold(fault.Detail.Length > 0, "A fault says what is wrong");
            }
            else if (item is ImportedClaim claim)
            {
                found = true;
                Must.Hold(Claim.TryParse(claim.Utf8.Span, out Claim? parsed, out IReadOnlyList<Fault> faults), $"What is mapped is a claim: {string.Join("; ", faults)} in {Encoding.UTF8.GetString(claim.Utf8.Span)}");
                Must.Hold(parsed!.Id == claim.Id, "A mapped claim has its id");
            }
        }

        Must.Hold(items > 0 || input.Length > 0, "An empty file is a fault");
        return found;
    }
}

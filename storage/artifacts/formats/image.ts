import { ImageArtifact } from "../image_artifact.ts";
import { IMAGE_EXTENSIONS } from "./bytes.ts";
import type { EncodedFile, FileFormat, StoredFile } from "./file_format.ts";

/** Pictures as the files that they are. */
export const imageFormat: FileFormat<ImageArtifact> = {
  encode({ bytes, mediaType, width, height }): EncodedFile {
    const extension = IMAGE_EXTENSIONS[mediaType];
    return {
      body: [bytes],
      extension,
      contentType: mediaType,
      type: "ImageArtifact",
      format: extension.slice(1),
      statistics: { mediaType, ...(width === undefined || height === undefined ? {} : { width, height }) },
    };
  },

  async decode(file: StoredFile): Promise<ImageArtifact> {
    return new ImageArtifact(await file.bytes());
  },
};
